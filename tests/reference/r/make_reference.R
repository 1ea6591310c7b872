# What R says of the simulated people in this folder. Run `Rscript make_reference.R` here; it writes
# reference.csv (table, quantity, at, value) and versions.csv. Tests read those files and need no R.
# Names follow R's conventions; where ours differ, tests/test_reference_r.py says how.
options(digits = 15, warn = 1)
suppressPackageStartupMessages({
  library(survival); library(pROC); library(rms); library(riskRegression); library(prodlim)
})

rows <- list()
keep <- function(table, quantity, value, at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(table = table, quantity = quantity, at = at, value = as.numeric(value))
}

tight <- glm.control(epsilon = 1e-14, maxit = 100)

for (table in c("binary", "binary_ties")) {
  d <- read.csv(paste0(table, ".csv"))
  curve <- roc(d$y, d$p, direction = "<", levels = c(0, 1), quiet = TRUE)
  ci <- as.numeric(ci.auc(curve, method = "delong"))
  keep(table, "auc", ci[2]); keep(table, "auc_lo", ci[1]); keep(table, "auc_hi", ci[3])

  # against a second model that says less: every tenth prediction flattened to one half
  less <- ifelse(seq_along(d$p) %% 10 == 0, 0.5, d$p)
  paired <- roc.test(curve, roc(d$y, less, direction = "<", levels = c(0, 1), quiet = TRUE), paired = TRUE, method = "delong")
  keep(table, "paired_auc", as.numeric(diff(rev(paired$estimate))))
  keep(table, "paired_auc_lo", paired$conf.int[1]); keep(table, "paired_auc_hi", paired$conf.int[2])

  v <- suppressWarnings(val.prob(d$p, d$y, pl = FALSE))
  keep(table, "rms_c", v["C (ROC)"]); keep(table, "rms_brier", v["Brier"])
  keep(table, "rms_slope", v["Slope"]); keep(table, "rms_joint_intercept", v["Intercept"])

  large <- glm(y ~ offset(qlogis(p)), binomial, d, control = tight)
  joint <- glm(y ~ qlogis(p), binomial, d, control = tight)
  keep(table, "glm_intercept", coef(large)); keep(table, "glm_slope", coef(joint)[2])

  # our smooth curve: rcs with knots at the type-7 quantiles, and the four errors from it
  x <- qlogis(d$p)
  knots <- quantile(x, c(.05, .35, .65, .95))
  smooth <- glm(d$y ~ rcspline.eval(x, knots = knots, inclx = TRUE), family = binomial, control = tight)
  distance <- abs(fitted(smooth) - d$p)
  keep(table, "spline_ici", mean(distance)); keep(table, "spline_e50", median(distance))
  keep(table, "spline_e90", quantile(distance, .9)); keep(table, "spline_emax", max(distance))
  # rms smooths by lowess; kept to show how far that convention lies from ours
  keep(table, "rms_eavg", v["Eavg"]); keep(table, "rms_e90", v["E90"]); keep(table, "rms_emax", v["Emax"])

  share <- mean(d$y)
  keep(table, "oe", sum(d$y) / sum(d$p))
  for (cut in c(0.2, 0.3, 0.45)) {
    keep(table, "net_benefit", mean(d$p >= cut & d$y == 1) - mean(d$p >= cut & d$y == 0) * cut / (1 - cut), cut)
  }
  keep(table, "log_loss", -mean(dbinom(d$y, 1, d$p, log = TRUE)))
  s <- Score(list(m = d$p), y ~ 1, data = d, metrics = c("auc", "brier"), summary = "ipa",
             se.fit = FALSE, conf.int = FALSE, contrasts = FALSE)
  keep(table, "rr_auc", s$AUC$score[model == "m", AUC])
  keep(table, "rr_brier", s$Brier$score[model == "m", Brier])
  keep(table, "rr_ipa", s$Brier$score[model == "m", IPA])
}

for (table in c("survival", "survival_ties")) {
  d <- read.csv(paste0(table, ".csv"))
  y <- Surv(d$days, d$event)
  keep(table, "harrell", concordance(y ~ d$margin, reverse = TRUE)$concordance)
  keep(table, "harrell_rcorr", rcorr.cens(-d$margin, y)["C Index"])
  keep(table, "uno", concordance(y ~ d$margin, reverse = TRUE, timewt = "n/G2")$concordance)
  keep(table, "uno_180", concordance(y ~ d$margin, reverse = TRUE, timewt = "n/G2", ymax = 180)$concordance)

  if (table == "survival_ties") {  # a horizon on a day of visits, where conventions may part
    keep(table, "uno_on_a_visit", concordance(y ~ d$margin, reverse = TRUE, timewt = "n/G2", ymax = 84)$concordance, 84)
    s <- Score(list(m = matrix(d$risk90)), Hist(days, event) ~ 1, data = d, times = 84, metrics = c("auc", "brier"),
               cens.model = "km", se.fit = FALSE, conf.int = FALSE, contrasts = FALSE)
    keep(table, "rr_auc_on_a_visit", s$AUC$score[model == "m", AUC], 84)
    keep(table, "rr_brier_on_a_visit", s$Brier$score[model == "m", Brier], 84)
  }

  km <- survfit(y ~ 1, conf.type = "plain")
  for (t in c(30, 90, 180)) {
    at <- summary(km, times = t)
    keep(table, "km", at$surv, t); keep(table, "greenwood", at$std.err, t)
    keep(table, "oe", (1 - at$surv) / mean(d[[paste0("risk", t)]]), t)
  }

  for (cut in c(0.2, 0.3, 0.45)) {  # at day 90, by survfit among those acted on (Vickers 2008)
    acted <- d$risk90 >= cut
    free <- summary(survfit(y[acted] ~ 1), times = 90)$surv
    keep(table, "net_benefit_day_90", mean(acted) * ((1 - free) - free * cut / (1 - cut)), cut)
  }

  control <- coxph.control(eps = 1e-14, toler.chol = 1e-16, iter.max = 100)
  for (ties in c("efron", "breslow")) {
    fit <- coxph(y ~ x1 + x2, d, ties = ties, control = control)
    keep(table, paste0("cox_", ties, "_x1"), coef(fit)[1])
    keep(table, paste0("cox_", ties, "_x2"), coef(fit)[2])
    keep(table, paste0("cox_", ties, "_se_x1"), sqrt(vcov(fit)[1, 1]))
    keep(table, paste0("cox_", ties, "_loglik"), fit$loglik[2])
    base <- basehaz(fit, centered = FALSE)
    for (t in c(30, 90, 180)) keep(table, paste0("basehaz_", ties), max(0, base$hazard[base$time <= t]), t)
  }
  ridge <- coxph(y ~ ridge(x1, x2, theta = 8, scale = FALSE), d, ties = "efron", control = control)
  keep(table, "ridge8_x1", coef(ridge)[1]); keep(table, "ridge8_x2", coef(ridge)[2])

  for (t in c(30, 90, 180)) {
    s <- Score(list(m = matrix(d[[paste0("risk", t)]])), Hist(days, event) ~ 1, data = d, times = t,
               metrics = c("auc", "brier"), summary = "ipa", cens.model = "km", se.fit = FALSE,
               conf.int = FALSE, contrasts = FALSE)
    keep(table, "rr_auc", s$AUC$score[model == "m", AUC], t)
    keep(table, "rr_brier", s$Brier$score[model == "m", Brier], t)

    # weights of Graf by survfit, then two logistic fits: nothing of ours is used
    # (on one day events come before censorings, so censorings are put a moment later)
    cens <- survfit(Surv(days + 1e-6 * (1 - event), 1 - event) ~ 1, d, timefix = FALSE)
    G <- stepfun(cens$time, c(1, cens$surv))
    eps <- 1e-7
    w <- ifelse(d$days <= t & d$event == 1, 1 / G(d$days - eps), ifelse(d$days > t, 1 / G(t), 0))
    stopifnot(abs(sum(w) - nrow(d)) < 1e-6)
    z <- as.numeric(d$days <= t & d$event == 1); lp <- qlogis(d[[paste0("risk", t)]])
    large <- suppressWarnings(glm(z ~ offset(lp), binomial, weights = w, control = tight))
    joint <- suppressWarnings(glm(z ~ lp, binomial, weights = w, control = tight))
    keep(table, "ipcw_intercept", coef(large), t); keep(table, "ipcw_slope", coef(joint)[2], t)
  }
}

reference <- do.call(rbind, rows)
reference$value <- sprintf("%.15g", reference$value)
write.csv(reference, "reference.csv", row.names = FALSE, quote = FALSE, na = "")
used <- c("survival", "pROC", "rms", "Hmisc", "riskRegression", "prodlim")
write.csv(data.frame(package = c("R", used),
                     version = c(as.character(getRversion()), sapply(used, function(p) as.character(packageVersion(p))))),
          "versions.csv", row.names = FALSE, quote = FALSE)
