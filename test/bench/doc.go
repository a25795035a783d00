// Package bench measures the migration beside what people would use instead: a shell
// script, Temporal workflows that do nothing, mysqldump, mydumper, rsync, rclone, bare SQL.
// Everything that is compared runs in one run on one machine, in turns where that is
// cheap, and what is compared is medians. Run measures, and Document.Markdown is what
// `make bench` writes to docs/benchmarks.md.
//
// Nothing here fails because something is slow: a row says whether its budget is met.
// Start reading at run.go; a Row is in row.go, what is set up in stage.go.
package bench
