//! A line of a log, as it is shown.

use super::{clean::clean, form::Fields, form::Template, output::Screen, paint, progress::short_id};
use crate::clock;
use anstyle::{AnsiColor, Style};
use callboard_protocol::{Node, log::LogEntry, to_node};

/// In which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogForm {
    /// Time, level, channel and text; the board's log also names the job.
    Full {
        /// Whether to name it.
        with_job: bool,
    },
    /// The text only.
    Raw,
    /// The entry as on the wire, or some members of it.
    Json(Fields),
    /// A line of one's own.
    Lines(Template),
}

impl LogForm {
    /// The line without its end.
    pub(crate) fn render(&self, line: &LogEntry, screen: &Screen) -> String {
        let message = || match screen.out_is_terminal {
            true => clean(&line.message).into_owned(),
            false => line.message.to_string(),
        };
        let entry = || to_node(line).unwrap_or(Node::Null);
        match self {
            // The types of the wire always serialise.
            LogForm::Json(fields) if fields.is_all() => serde_json::to_string(line).unwrap_or_default(),
            LogForm::Json(fields) => fields.pick(&entry()).to_string(),
            LogForm::Lines(template) => {
                let text = template.render(&entry());
                if screen.out_is_terminal { clean(&text).into_owned() } else { text }
            }
            LogForm::Raw => message(),
            LogForm::Full { with_job } => {
                let (word, level) = paint::level(line.level);
                let (dim, channel) = (paint::DIM, channel_style(&line.color));
                let job = line.job_id.as_ref().filter(|_| *with_job);
                let job = job.map(|id| format!(" {dim}{}{dim:#}", short_id(id))).unwrap_or_default();
                let name = clean(&line.channel);
                let time = clock::local(line.ts);
                format!(
                    "{dim}{time}{dim:#} {level}{word:<5}{level:#} {channel}{name:<6}{channel:#}{job}  {}",
                    message()
                )
            }
        }
    }
}

/// The colours of channels (S3.19) among the terminal's sixteen.
fn channel_style(name: &str) -> Style {
    let colour = match name {
        "blue" => AnsiColor::Blue,
        "yellow" => AnsiColor::Yellow,
        "green" => AnsiColor::Green,
        "magenta" | "purple" => AnsiColor::Magenta,
        "cyan" => AnsiColor::Cyan,
        "red" => AnsiColor::Red,
        _ => return Style::new(),
    };
    Style::new().fg_color(Some(colour.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::{JobId, Time, log::Level};

    #[test]
    fn forms() {
        let line = LogEntry {
            seq: 7,
            ts: Time(0),
            channel: "stderr".into(),
            emoji: "▹".into(),
            level: Level::Warn,
            message: "hot\u{1b}[2J".into(),
            color: "yellow".into(),
            job_id: Some(JobId::new("job-1")),
            fields: None,
        };
        let person = Screen::of_person(80);
        let piped = Screen { out_is_terminal: false, ..person };
        let plain = |form: LogForm, screen| {
            anstream::adapter::strip_str(&form.render(&line, screen)).to_string().split_off(12)
        };
        assert_eq!(plain(LogForm::Full { with_job: true }, &person), " WARN  stderr job-1  hot");
        assert_eq!(plain(LogForm::Full { with_job: false }, &person), " WARN  stderr  hot");
        assert_eq!(LogForm::Raw.render(&line, &person), "hot");
        assert_eq!(LogForm::Raw.render(&line, &piped), "hot\u{1b}[2J");
        let json: LogEntry =
            serde_json::from_str(&LogForm::Json(Fields::default()).render(&line, &person)).unwrap();
        assert_eq!(json, line);
        let some = LogForm::Json("seq,channel".parse().unwrap()).render(&line, &person);
        assert_eq!(some, r#"{"channel":"stderr","seq":7}"#);
        assert_eq!(LogForm::Lines("{seq} {message}".parse().unwrap()).render(&line, &person), "7 hot");
    }
}
