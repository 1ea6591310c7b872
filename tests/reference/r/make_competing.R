# Cumulative incidence by cause as R sees it. Run `Rscript make_competing.R` here, with cmprsk 2.2-11; it
# writes competing_reference.csv (table, cause, day, incidence, variance, km_risk). With the file of the
# public set smoking_relapse as an argument (`Rscript make_competing.R .../pharmacoSmoking.csv`) it writes
# competing_smoking.csv too: shares, no rows. Tests need no R.
options(digits = 15, warn = 2)
suppressPackageStartupMessages({library(survival); library(cmprsk)})

rows <- list()
for (table in c("competing", "competing_ties")) {
  d <- read.csv(paste0(table, ".csv"))
  days <- c(30, 90, 180)
  at <- timepoints(cuminc(d$days, d$cause), days)
  for (cause in c(1, 2)) for (t in days) {
    # what follow-up would show were the other cause no more than a reason to leave
    km <- summary(survfit(Surv(d$days, d$cause == cause) ~ 1), times = t)$surv
    name <- paste("1", cause)
    rows[[length(rows) + 1]] <- data.frame(
      table = table, cause = cause, day = t, incidence = at$est[name, as.character(t)],
      variance = at$var[name, as.character(t)], km_risk = 1 - km)
  }
}
write.csv(do.call(rbind, rows), "competing_reference.csv", row.names = FALSE, quote = FALSE)

file <- commandArgs(trailingOnly = TRUE)
if (length(file)) {  # one cause alone; relapses on day 0 are kept at half a day
  d <- read.csv(file[1])
  days <- c(30, 90, 180)
  at <- timepoints(cuminc(pmax(d$ttr, 0.5), d$relapse), days)
  write.csv(data.frame(day = days, incidence = at$est[1, ], variance = at$var[1, ]), "competing_smoking.csv",
            row.names = FALSE, quote = FALSE)
}
