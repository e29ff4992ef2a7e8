//! The commands around a run, as scripts, CI and editors meet them: what is printed where, which exit code, what is on the disk.

mod bounds;
mod browser;
mod check;
mod annotating;
mod cluster;
mod comparing;
mod generated;
mod many;
mod parts;
mod place;
mod replaying;
mod reporting;
mod resuming;
mod schema;
mod selecting;
