//! The kinds that `callboard.toml` declares: `[kinds."video.transcode"]`.

use crate::{config_file::ConfigFile, failure::Failure};
use callboard_exec::{HttpClient, KindSpec, Registry, Surroundings};
use serde::Deserialize as _;
use toml::de::{DeValue, ValueDeserializer};

/// The section.
const SECTION: &str = "kinds";

/// Adds all kinds of the file. The first that cannot work is an error with line and column.
pub(super) fn register(registry: &mut Registry, file: &ConfigFile, http: &HttpClient) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let around = Surroundings { variable: &variable, http: http.clone() };
    let table = file.table()?;
    let Some(section) = table.get(SECTION) else { return Ok(()) };
    let DeValue::Table(kinds) = section.get_ref() else {
        return Err(file.failure(section.span(), "kinds must be tables: [kinds.\"my.kind\"]"));
    };
    for (name, value) in kinds.iter() {
        let kind = name.get_ref().as_ref();
        let said = |problem: &str| format!("kinds.\"{kind}\": {problem}");
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            return Err(file.failure(value.span(), &said("must be a table: [kinds.\"my.kind\"]")));
        }
        let spec = KindSpec::deserialize(ValueDeserializer::from(value.clone())).map_err(|error| {
            let problem = with_nearest(error.message());
            file.failure(error.span().unwrap_or(name.span()), &said(&problem))
        })?;
        let (info, executor) = spec.build(kind, &around).map_err(|error| {
            let member = value.get_ref().as_table().and_then(|table| table.get_key_value(error.member));
            let span = member.map_or(name.span(), |(key, _)| key.span());
            file.failure(span, &said(&error.to_string()))
        })?;
        registry
            .register(info, executor)
            .map_err(|error| file.failure(name.span(), &said(&error.to_string())))?;
    }
    Ok(())
}

/// Adds the name that was probably meant to serde's "unknown field `argz`, expected one of `argv`, `cwd`, …".
fn with_nearest(message: &str) -> String {
    let message = message.trim();
    let mut names = message.split('`').skip(1).step_by(2);
    let is_about_names = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some(wrong) = names.next().filter(|_| is_about_names) else { return message.to_owned() };
    let distance = |name: &&str| strsim::damerau_levenshtein(&name.to_lowercase(), &wrong.to_lowercase());
    match names.min_by_key(distance).filter(|nearest| distance(nearest) <= 1 + nearest.len() / 3) {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Registry, String> {
        let file =
            ConfigFile::new("callboard.toml".into(), text.into()).map_err(|failure| failure.message)?;
        let mut registry = super::super::built_in(&HttpClient::new()).expect("the built-in kinds");
        register(&mut registry, &file, &HttpClient::new()).map_err(|failure| failure.message)?;
        Ok(registry)
    }

    #[test]
    fn kinds_are_declared() {
        let registry = read(
            r#"
            [kinds."video.transcode"]
            executor = "process"
            title = "Transcode a video"
            argv = ["ffmpeg", "-i", "{args.input}", "-vf", "scale={args.width}:-2", "out.mp4"]
            timeoutMs = 600_000
            artifacts = ["*.mp4"]
            progress = { regex = '(?<percent>\d+)%', from = "stderr" }
            defaults = { width = 1280 }
            limits = { cpuSeconds = 600, nice = 10 }
            result = { from = "lastJson" }
            pty = { columns = 100 }

            [kinds."hook"]
            executor = "http.request"
            url = "https://example.com/{args.path}"
            method = "POST"
            json = { id = "{job.id}", all = "{args}" }

            [kinds."model.fetch"]
            executor = "http.download"
            url = "https://example.com/models/{args.name}"
            bytesPerSecond = 1_000_000
            "#,
        )
        .expect("sound");
        assert_eq!(
            registry.info("video.transcode").map(|info| info.title.as_str()),
            Some("Transcode a video")
        );
        assert!(registry.get("hook").is_some() && registry.get("model.fetch").is_some());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let kind = "[kinds.\"a\"]\nexecutor = \"process\"\n";
        for (text, problem) in [
            (
                format!("{kind}argz = []\n"),
                "callboard.toml:3:1: kinds.\"a\": unknown field `argz`, expected one of",
            ),
            (format!("{kind}argz = []\n"), "; did you mean `argv`?"),
            (
                "[kinds.\"a\"]\nexecutor = \"proces\"\n".to_owned(),
                "callboard.toml:2:12: kinds.\"a\": unknown variant `proces`",
            ),
            (
                format!("{kind}argv = [\"x\", \"{{arg.y}}\"]\n"),
                "callboard.toml:3:8: kinds.\"a\": {arg.y} names nothing",
            ),
            (
                format!("{kind}argv = [\"x\"]\nurl = \"http://h\"\n"),
                "callboard.toml:4:1: kinds.\"a\": url: belongs to",
            ),
            (
                format!("{kind}argv = [\"x\"]\n[kinds.a.limits]\nnice = -1\n"),
                "callboard.toml:5:8: kinds.\"a\": ",
            ),
            (format!("{kind}argv = []\n"), "callboard.toml:3:1: kinds.\"a\": argv: must be an array"),
            ("[kinds.\"a\"]\nargv = [\"x\"]\n".to_owned(), "missing field `executor`"),
            (
                "[kinds.\"a b\"]\nexecutor = \"process\"\nargv = [\"x\"]\n".to_owned(),
                "callboard.toml:1:8: kinds.\"a b\": kind: ",
            ),
            (
                "[kinds.\"echo\"]\nexecutor = \"process\"\nargv = [\"x\"]\n".to_owned(),
                "is registered already",
            ),
            ("kinds = 7\n".to_owned(), "callboard.toml:1:9: kinds must be tables"),
            ("[kinds]\na = 7\n".to_owned(), "callboard.toml:2:5: kinds.\"a\": must be a table"),
            (
                format!("{kind}argv = [\"x\"]\nsecrets = {{ a = \"CALLBOARD_NO_SUCH\" }}\n"),
                "callboard.toml:4:1: ",
            ),
        ] {
            let said = read(&text).expect_err(&text);
            assert!(said.contains(problem), "{said}\n  expected {problem}");
        }
    }
}
