//! The query language: what can be written, what it means, and what an index may take of it.

mod language;
mod narrow;
mod oracle;
mod records;
