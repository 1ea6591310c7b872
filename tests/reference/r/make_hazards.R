# What R says of hazards of people seen at visits, and of a public trial. Run `Rscript make_hazards.R` here; it needs
# the package survival alone and writes hazards.csv (table, quantity, at, value). With the path of the trial's file
# as an argument (`Rscript make_hazards.R .../pharmacoSmoking.csv`) it writes smoking.csv too: coefficients, no rows.
# icenReg, the usual package for interval-censored regression, could not be had; three others stand in: glm on
# person-periods, survreg on Weibull laws, and the likelihood of unrestricted jumps written out below.
options(digits = 15, warn = 1)
suppressPackageStartupMessages(library(survival))

rows <- list()
keep <- function(table, quantity, value, at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(table = table, quantity = quantity, at = at, value = as.numeric(value))
}
written <- function(file) {
  found <- do.call(rbind, rows)
  found$value <- sprintf("%.15g", found$value)
  write.csv(found, file, row.names = FALSE, quote = FALSE, na = "")
  rows <<- list()
}

# ---- one period for each visit: complementary log-log on person-periods ----
d <- read.csv("visits.csv")
d$periods <- d$days / 14
p <- d[rep(seq_len(nrow(d)), d$periods), ]
p$period <- sequence(d$periods)
p$y <- as.numeric(p$period == p$periods & p$event == 1)
last <- max(p$period[p$y == 1])
p$period <- factor(pmin(p$period, last + 1)) # after the last relapse the heights are minus infinity
p <- p[as.integer(p$period) <= last, ]
p$period <- droplevels(p$period)
stopifnot(all(tapply(p$y, p$period, sum) > 0))
fit <- glm(y ~ 0 + period + x1 + x2, binomial(link = "cloglog"), p, control = glm.control(epsilon = 1e-14, maxit = 100))
keep("visits", "cloglog_x1", coef(fit)["x1"]); keep("visits", "cloglog_x2", coef(fit)["x2"])
for (k in seq_len(last)) keep("visits", "cloglog_height", coef(fit)[k], k)
keep("visits", "cloglog_loglik", logLik(fit))
# glm gives the expected information; for one that does not depend on the link's second derivative the observed is
# taken from the likelihood itself
eta_loglik <- function(b) {
  eta <- drop(model.matrix(fit) %*% b)
  sum(ifelse(p$y == 1, log(-expm1(-exp(eta))), -exp(eta)))
}
observed <- -optimHess(coef(fit), eta_loglik, control = list(ndeps = rep(1e-4, length(coef(fit)))))
keep("visits", "cloglog_se_x1", sqrt(solve(observed)["x1", "x1"]))
cox <- coxph(Surv(days, event) ~ x1 + x2, d[d$days > 0, ], ties = "efron")
keep("visits", "cox_efron_x1", coef(cox)[1]); keep("visits", "cox_efron_x2", coef(cox)[2])

# ---- Weibull laws in intervals: survreg, turned to proportional hazards ----
for (table in c("visits", "visits_uneven")) {
  d <- read.csv(paste0(table, ".csv"))
  d <- d[d$days > 0, ] # lost before the first visit: nothing is known
  right <- ifelse(d$event == 1, d$days, NA)
  left <- ifelse(d$last_well == 0, NA, d$last_well) # 0 is minus infinity on the log scale
  fit <- survreg(Surv(left, right, type = "interval2") ~ x1 + x2, d, dist = "weibull",
                 control = survreg.control(rel.tolerance = 1e-12, maxiter = 200))
  b <- coef(fit); s <- fit$scale; V <- vcov(fit) # of intercept, x1, x2, log(scale)
  for (j in 2:3) {
    keep(table, paste0("weibull_", names(b)[j]), -b[j] / s)
    slope <- c(0, 0, 0, b[j] / s); slope[j] <- -1 / s
    keep(table, paste0("weibull_se_", names(b)[j]), sqrt(drop(slope %*% V %*% slope)))
  }
  keep(table, "weibull_shape", 1 / s)
  for (t in c(7, 30, 90, 180)) { # log cumulative hazard at x = 0, and its error
    keep(table, "weibull_log_hazard", (log(t) - b[1]) / s, t)
    slope <- c(-1 / s, 0, 0, -(log(t) - b[1]) / s)
    keep(table, "weibull_se_log_hazard", sqrt(drop(slope %*% V %*% slope)), t)
  }
}

# ---- the same likelihood with a jump of any size at every end of an interval ----
# log-lik = sum log(S(l|x) - S(r|x)), S(t|x) = exp(-exp(xb) * sum of the jumps up to t); censored: r is infinite.
for (table in c("visits", "visits_uneven")) {
  d <- read.csv(paste0(table, ".csv"))
  d <- d[d$days > 0, ]
  ends <- sort(unique(d$days[d$event == 1]))
  upto <- function(t) outer(t, ends, ">=") * 1
  L <- upto(d$last_well); R <- upto(d$days); X <- as.matrix(d[, c("x1", "x2")]); seen <- d$event == 1
  loglik <- function(theta, b) { # theta: logs of the jumps
    h <- exp(theta); r <- exp(drop(X %*% b))
    A <- r * drop(L %*% h); B <- r * drop((R - L) %*% h)
    sum(-A) + sum(log(-expm1(-B[seen])))
  }
  slope <- function(theta, b) {
    h <- exp(theta); r <- exp(drop(X %*% b))
    B <- r * drop((R - L) %*% h)
    w <- ifelse(seen, 1 / expm1(pmax(B, 1e-300)), 0)
    h * (-drop(r %*% L) + drop((r * w) %*% ((R - L) * seen)))
  }
  start <- rep(log(0.5 / length(ends)), length(ends))
  profile <- function(b) {
    best <- start
    for (again in 1:6) { # BFGS from where it stopped, until it stays there
      found <- optim(best, loglik, slope, b = b, method = "BFGS",
                     control = list(fnscale = -1, reltol = 1e-14, maxit = 3000))
      moved <- found$value - loglik(best, b); best <- pmax(found$par, -20)
      if (moved < 1e-9) break
    }
    start <<- best
    loglik(best, b)
  }
  fit <- optim(c(0.5, -0.3), profile, method = "Nelder-Mead", control = list(fnscale = -1, reltol = 1e-11, maxit = 400))
  h <- 0.05
  bend <- matrix(0, 2, 2); at <- function(a, c) profile(fit$par + h * c(a, c))
  for (j in 1:2) for (k in 1:2) {
    u <- diag(2)[j, ]; v <- diag(2)[k, ]
    bend[j, k] <- -(profile(fit$par + h * (u + v)) - profile(fit$par + h * (u - v)) -
                    profile(fit$par - h * (u - v)) + profile(fit$par - h * (u + v))) / (4 * h^2)
  }
  error <- sqrt(diag(solve(bend)))
  for (j in 1:2) {
    keep(table, paste0("jumps_x", j), fit$par[j]); keep(table, paste0("jumps_se_x", j), error[j])
  }
  top <- profile(fit$par)
  keep(table, "jumps_loglik", top)
  for (t in c(30, 90)) keep(table, "jumps_log_hazard", log(sum(exp(start)[ends <= t])), t)
}
written("hazards.csv")

# ---- a public trial: relapse to smoking, dated to the day ----
file <- commandArgs(trailingOnly = TRUE)
if (length(file)) {
  d <- read.csv(file[1])
  d$days <- ifelse(d$ttr == 0, 0.5, d$ttr)
  d$x_age <- d$age; d$x_male <- as.numeric(d$gender == "Male")
  d$x_other <- as.numeric(d$employment == "other"); d$x_pt <- as.numeric(d$employment == "pt")
  d$x_patch <- as.numeric(d$grp == "patchOnly")
  fit <- coxph(Surv(days, relapse) ~ x_age + x_male + x_other + x_pt + x_patch, d, ties = "efron",
               control = coxph.control(eps = 1e-14, toler.chol = 1e-16, iter.max = 100))
  for (name in names(coef(fit))) {
    keep("smoking", sub("x_", "cox_", name), coef(fit)[name])
    keep("smoking", sub("x_", "cox_se_", name), sqrt(vcov(fit)[name, name]))
  }
  keep("smoking", "cox_loglik", fit$loglik[2])
  keep("smoking", "n", fit$n); keep("smoking", "events", fit$nevent)
  written("smoking.csv")
}
