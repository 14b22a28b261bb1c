//! The process executor with real children.

#[cfg(test)]
mod configured;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod run;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terminal;
