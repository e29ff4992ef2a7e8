//! The commands around a run, as scripts, CI and editors meet them: what is printed where, which exit code, what is on the disk.

#[path = "commands/bounds.rs"]
mod bounds;
#[path = "commands/browser.rs"]
mod browser;
#[path = "commands/check.rs"]
mod check;
#[path = "commands/annotating.rs"]
mod annotating;
#[path = "commands/cluster.rs"]
mod cluster;
#[path = "commands/comparing.rs"]
mod comparing;
#[path = "commands/generated.rs"]
mod generated;
#[path = "commands/many.rs"]
mod many;
#[path = "commands/parts.rs"]
mod parts;
#[path = "commands/place.rs"]
mod place;
#[path = "commands/reporting.rs"]
mod reporting;
#[path = "commands/resuming.rs"]
mod resuming;
#[path = "commands/schema.rs"]
mod schema;
#[path = "commands/selecting.rs"]
mod selecting;
