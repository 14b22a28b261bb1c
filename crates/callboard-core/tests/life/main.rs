//! A job's life as scripts: input in, exact effects out.

mod attempts;
mod clearing;
mod depend;
mod domains;
mod families;
mod illegal;
mod kit;
mod queues;
mod recipes;
mod refused;
mod schedules;
mod things;
mod times;
mod unique;
mod update;
mod workflows;
mod workflows_again;
