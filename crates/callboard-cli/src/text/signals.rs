//! What a terminal is told besides text: links to Studio (OSC 8), progress for the taskbar (OSC 9;4).
//!
//! Terminals do not say what they know, so it is told from the names that they leave in the environment; on others
//! nothing of this is written.

use super::progress::short_id;
use callboard_protocol::JobId;

/// What this terminal knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    /// Text can be a link.
    pub(crate) links: bool,
    /// Progress is shown at the window or in the taskbar.
    pub(crate) taskbar: bool,
}

/// `TERM_PROGRAM` of terminals with links.
const WITH_LINKS: [&str; 7] = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"];
/// `TERM` of such terminals.
const TERM_WITH_LINKS: [&str; 5] = ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra"];
/// The first version of the library of GNOME's terminals that has links.
const VTE_WITH_LINKS: u32 = 5000;

impl Signals {
    /// What a terminal with this environment knows. `FORCE_HYPERLINK` decides about links, 0 is no.
    pub(crate) fn known(variable: impl Fn(&str) -> Option<String>) -> Signals {
        let is = |name: &str, value: &str| variable(name).is_some_and(|is| is == value);
        let is_one_of =
            |name: &str, all: &[&str]| variable(name).is_some_and(|is| all.contains(&is.as_str()));
        let is_windows = variable("WT_SESSION").is_some();
        let is_vte = variable("VTE_VERSION").and_then(|version| version.parse().ok());
        let has_links = is_windows
            || is_one_of("TERM_PROGRAM", &WITH_LINKS)
            || is_one_of("TERM", &TERM_WITH_LINKS)
            || is_vte.is_some_and(|version: u32| version >= VTE_WITH_LINKS)
            || variable("KONSOLE_VERSION").is_some()
            || variable("DOMTERM").is_some();
        let links = variable("FORCE_HYPERLINK").map_or(has_links, |forced| forced != "0");
        let has_taskbar =
            is_windows || is("ConEmuANSI", "ON") || is_one_of("TERM_PROGRAM", &["WezTerm", "ghostty"]);
        // Within another program they may not come through, or to the wrong window.
        let taskbar = has_taskbar && variable("TMUX").is_none() && variable("STY").is_none();
        Signals { links, taskbar }
    }
}

/// A text that leads somewhere.
pub(crate) fn link(text: &str, url: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// The line with the job's id as a link to its page, when there is a Studio to lead to.
pub(crate) fn linked(line: &str, id: &JobId, studio: Option<&str>) -> String {
    match studio {
        Some(studio) => line.replacen(short_id(id), &link(short_id(id), &page(studio, id)), 1),
        None => line.to_owned(),
    }
}

/// The address of a job's page.
pub(crate) fn page(studio: &str, id: &JobId) -> String {
    format!("{studio}jobs/{}", callboard_client::percent_encoded(id))
}

/// How far something is, for the taskbar; `None` takes it away.
pub(crate) fn taskbar(value: Option<f64>) -> String {
    match value {
        Some(value) => format!("\u{1b}]9;4;1;{}\u{7}", (value.clamp(0.0, 1.0) * 100.0) as u32),
        None => "\u{1b}]9;4;0;0\u{7}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(environment: &[(&str, &str)]) -> (bool, bool) {
        let value = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let signals = Signals::known(value);
        (signals.links, signals.taskbar)
    }

    #[test]
    fn only_terminals_that_know_it_are_told() {
        assert_eq!(known(&[]), (false, false));
        assert_eq!(known(&[("TERM", "xterm-256color")]), (false, false));
        assert_eq!(known(&[("WT_SESSION", "x")]), (true, true));
        assert_eq!(known(&[("TERM_PROGRAM", "ghostty")]), (true, true));
        assert_eq!(known(&[("TERM_PROGRAM", "ghostty"), ("TMUX", "/tmp/x")]), (true, false));
        assert_eq!(known(&[("TERM_PROGRAM", "vscode")]), (true, false));
        assert_eq!(
            [known(&[("VTE_VERSION", "4801")]), known(&[("VTE_VERSION", "7600")])],
            [(false, false), (true, false)]
        );
        assert_eq!(known(&[("WT_SESSION", "x"), ("FORCE_HYPERLINK", "0")]), (false, true));
        assert_eq!(known(&[("FORCE_HYPERLINK", "1")]), (true, false));
    }

    #[test]
    fn sequences_are_those_of_the_terminals() {
        let id = JobId::new("a:b");
        let line = linked("ok kind  a:b  done", &id, Some("http://h/x/"));
        assert_eq!(line, "ok kind  \u{1b}]8;;http://h/x/jobs/a%3Ab\u{1b}\\a:b\u{1b}]8;;\u{1b}\\  done");
        assert_eq!(linked("as it was", &id, None), "as it was");
        assert_eq!(taskbar(Some(0.597)), "\u{1b}]9;4;1;59\u{7}");
        assert_eq!(taskbar(None), "\u{1b}]9;4;0;0\u{7}");
    }
}
