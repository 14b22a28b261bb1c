//! A plan: named steps, done in order up to the first that fails, with a table of what took how long.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A named step.
pub(crate) struct Step<'a> {
    name: &'static str,
    action: Box<dyn FnOnce() -> Result<(), Failure> + 'a>,
}

/// Names a step.
pub(crate) fn step<'a>(name: &'static str, action: impl FnOnce() -> Result<(), Failure> + 'a) -> Step<'a> {
    Step { name, action: Box::new(action) }
}

#[derive(Debug)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

/// Does the steps and prints the table. The failure is that of the first step that failed, with its name in front.
pub(crate) fn perform(steps: Vec<Step<'_>>) -> Result<(), Failure> {
    let mut outcomes = Vec::new();
    let mut failure = None;
    for Step { name, action } in steps {
        let outcome = match failure {
            Some(_) => Outcome::NotRun,
            None => attempt(name, action, &mut failure),
        };
        outcomes.push((name, outcome));
    }
    // The table is what was asked for: it goes to standard output, all else to standard error.
    let shown = write!(io::stdout(), "\n{}", table(&outcomes));
    match failure {
        Some(failure) => Err(failure),
        None => shown.map_err(|error| Failure::new(format!("cannot write to standard output: {error}"))),
    }
}

fn attempt(
    name: &str,
    action: Box<dyn FnOnce() -> Result<(), Failure> + '_>,
    failure: &mut Option<Failure>,
) -> Outcome {
    eprintln!("\n== {name}");
    let start = Instant::now();
    match action() {
        Ok(()) => Outcome::Passed(start.elapsed()),
        Err(error) => {
            *failure = Some(error.within(&format!("step `{name}`")));
            Outcome::Failed(start.elapsed())
        }
    }
}

fn table(outcomes: &[(&str, Outcome)]) -> String {
    let mut table = String::new();
    let (mut passed, mut failed) = (0, 0);
    for (name, outcome) in outcomes {
        let (word, time) = match outcome {
            Outcome::Passed(time) => {
                passed += 1;
                ("passed", format!("{:.1} s", time.as_secs_f64()))
            }
            Outcome::Failed(time) => {
                failed += 1;
                ("FAILED", format!("{:.1} s", time.as_secs_f64()))
            }
            Outcome::NotRun => ("not run", String::new()),
        };
        writeln!(&mut table, "  {word:<8}{time:>9}  {name}").expect("a string takes everything");
    }
    writeln!(&mut table, "{passed} passed, {failed} failed").expect("a string takes everything");
    table
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_plan_ends_at_the_first_step_that_fails_and_names_it() {
        let done = RefCell::new(Vec::new());
        let good = |name| {
            let done = &done;
            step(name, move || {
                done.borrow_mut().push(name);
                Ok(())
            })
        };
        let steps = vec![good("one"), step("two", || Err(Failure::new("no").hint("do it"))), good("three")];
        let failure = perform(steps).expect_err("two fails");
        assert_eq!(failure.to_string(), "step `two`: no\n  do it");
        assert_eq!(*done.borrow(), ["one"]);
        assert!(perform(vec![good("four")]).is_ok());
    }

    #[test]
    fn the_table_shows_every_step_and_ends_with_the_counts() {
        let second = Duration::from_millis(1500);
        let outcomes =
            [("one", Outcome::Passed(second)), ("two", Outcome::Failed(second)), ("three", Outcome::NotRun)];
        let expected = "  passed      1.5 s  one\n  FAILED      1.5 s  two\n  not run            three\n\
                        1 passed, 1 failed\n";
        assert_eq!(table(&outcomes), expected);
    }
}
