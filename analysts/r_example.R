# R on a mirror: Rscript analysts/r_example.R asana.db
library(DBI)
file <- commandArgs(trailingOnly = TRUE)[1]
# Read only: it may be read while taskmirror writes.
mirror <- dbConnect(RSQLite::SQLite(), file, flags = RSQLite::SQLITE_RO)

tasks <- dbGetQuery(mirror, "SELECT gid, name, assignee_gid, created_at, completed_at FROM asana_tasks WHERE completed = 1")
days <- as.numeric(difftime(as.POSIXct(tasks$completed_at, tz = "UTC", format = "%Y-%m-%dT%H:%M:%OSZ"),
                            as.POSIXct(tasks$created_at, tz = "UTC", format = "%Y-%m-%dT%H:%M:%OSZ"), units = "days"))
print(summary(days))

load <- dbGetQuery(mirror, "SELECT assignee_name, sum(open_tasks) AS open_tasks FROM asana_workload GROUP BY assignee_name ORDER BY 2 DESC LIMIT 10")
print(load)
dbDisconnect(mirror)
