//! Recipes of workflows in files: JSON, TOML or YAML, with the line of everything that is wrong.

mod toml;
mod yaml;

use callboard_core::check_recipe;
use callboard_protocol::{
    Node, caps, from_node,
    workflow::{Problem, Recipe, Step},
};
use std::{collections::HashMap, fmt, path::Path};

/// How a recipe is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeFormat {
    /// `.json`
    Json,
    /// `.toml`
    Toml,
    /// `.yaml` or `.yml`
    Yaml,
}

/// Everything that is wrong with a recipe, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BadRecipe {
    /// Each problem, and its line from 1 where one is known.
    pub problems: Vec<(Option<usize>, String)>,
}

/// The text as a value, and the line of each of its values by its pointer.
struct Document {
    value: Node,
    lines: HashMap<String, usize>,
}

impl RecipeFormat {
    /// The format that a file's name says.
    pub fn of(path: &Path) -> Option<RecipeFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(RecipeFormat::Json),
            "toml" => Some(RecipeFormat::Toml),
            "yaml" | "yml" => Some(RecipeFormat::Yaml),
            _ => None,
        }
    }
}

/// Reads and checks a recipe.
///
/// # Errors
/// All problems, with their lines; when the text itself cannot be read, that alone.
///
/// ```
/// use callboard::{RecipeFormat, read_recipe};
///
/// let text = "name: mirror\nsteps:\n  - id: fetch\n    kind: http.download\n    needs: [start]\n";
/// let bad = read_recipe(text, RecipeFormat::Yaml).expect_err("there is no such step");
/// assert_eq!(bad.to_string(), "line 5: step \"fetch\": needs: there is no step \"start\"; there are fetch");
/// ```
pub fn read_recipe(text: &str, format: RecipeFormat) -> Result<Recipe, BadRecipe> {
    let document = parse(text, format)?;
    let recipe = document.shape()?;
    check_recipe(&recipe).map_err(|problems| document.bad(&problems))?;
    Ok(recipe)
}

/// Reads a value that is no recipe, such as the input of one; formats as above.
///
/// # Errors
/// A text that cannot be read.
pub fn read_value(text: &str, format: RecipeFormat) -> Result<Node, BadRecipe> {
    parse(text, format).map(|document| document.value)
}

fn parse(text: &str, format: RecipeFormat) -> Result<Document, BadRecipe> {
    if text.len() > caps::RECIPE_FILE_BYTES {
        let message = format!("the file has {} bytes; the limit is {}", text.len(), caps::RECIPE_FILE_BYTES);
        return Err(BadRecipe::one(None, message));
    }
    match format {
        RecipeFormat::Toml => toml::parse(text),
        RecipeFormat::Yaml => yaml::parse(text),
        RecipeFormat::Json => {
            let value = serde_json::from_str(text)
                .map_err(|error| BadRecipe::one(Some(error.line()), format!("this is no JSON: {error}")))?;
            // JSON is YAML, whose parser knows the lines.
            let lines = yaml::parse(text).map(|document| document.lines).unwrap_or_default();
            Ok(Document { value, lines })
        }
    }
}

impl Document {
    /// The recipe, before it is checked. Steps are read one by one, so that each error has its line.
    fn shape(&self) -> Result<Recipe, BadRecipe> {
        let mut problems = Vec::new();
        if let Some(Node::Array(steps)) = self.value.child("steps") {
            for (index, step) in steps.iter().enumerate() {
                if let Err(error) = from_node::<Step>(step) {
                    let id = step.child("id").and_then(Node::as_str).map(str::to_owned);
                    problems.push(Problem {
                        path: place(&format!("/steps/{index}"), &error),
                        step: id,
                        message: error.to_string(),
                    });
                }
            }
        }
        let recipe = from_node::<Recipe>(&self.value);
        match recipe {
            Ok(recipe) => Ok(recipe),
            Err(error) if problems.is_empty() => {
                Err(self.bad(&[Problem { path: place("", &error), step: None, message: error.to_string() }]))
            }
            Err(_) => Err(self.bad(&problems)),
        }
    }

    fn bad(&self, problems: &[Problem]) -> BadRecipe {
        let mut told: Vec<(Option<usize>, String)> =
            problems.iter().map(|problem| (self.line(&problem.path), problem.to_string())).collect();
        told.sort_by_key(|(line, _)| *line);
        BadRecipe { problems: told }
    }

    /// The line of what is at a pointer, or of the nearest thing around it.
    fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind('/')?];
        }
    }
}

/// Where an error of the shape is: serde names an unknown member in backticks.
fn place(below: &str, error: &dyn fmt::Display) -> String {
    let message = error.to_string();
    match message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        Some((name, _)) => format!("{below}/{name}"),
        None => below.to_owned(),
    }
}

impl BadRecipe {
    fn one(line: Option<usize>, message: impl Into<String>) -> Self {
        BadRecipe { problems: vec![(line, message.into())] }
    }
}

impl fmt::Display for BadRecipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (line, message)) in self.problems.iter().enumerate() {
            if nth > 0 {
                formatter.write_str("\n")?;
            }
            if let Some(line) = line {
                write!(formatter, "line {line}: ")?;
            }
            formatter.write_str(message)?;
        }
        Ok(())
    }
}

/// The pointer of a member.
fn below(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = r#"
# A comment.
name: mirror
input: {url: "http://h/a.zip", size: 3, ok: true, none: null, ratio: 0.5, yes: "true"}
steps:
  - id: fetch
    kind: http.download
    args: {url: "${input.url}"}
    maxAttempts: 3
  - id: check
    kind: checksum
    needs: [fetch]
    args:
      text: |
        two
        lines
"#;

    const TOML: &str = r#"
# A comment.
name = "mirror"
[input]
url = "http://h/a.zip"
size = 3
ok = true
ratio = 0.5
yes = "true"
[[steps]]
id = "fetch"
kind = "http.download"
args = { url = "${input.url}" }
maxAttempts = 3
[[steps]]
id = "check"
kind = "checksum"
needs = ["fetch"]
args.text = "two\nlines\n"
"#;

    #[test]
    fn a_recipe_is_the_same_in_each_format() {
        let yaml = read_recipe(YAML, RecipeFormat::Yaml).expect("good");
        let json = serde_json::to_string_pretty(&yaml).expect("JSON");
        assert_eq!(read_recipe(&json, RecipeFormat::Json).expect("good"), yaml);
        let mut toml = read_recipe(TOML, RecipeFormat::Toml).expect("good");
        // TOML has no null.
        toml = toml.input("none", Node::Null);
        assert_eq!(toml, yaml);
        assert_eq!(
            yaml.input.expect("there").to_string(),
            r#"{"none":null,"ok":true,"ratio":0.5,"size":3,"url":"http://h/a.zip","yes":"true"}"#
        );
    }

    #[test]
    fn problems_have_their_lines_in_each_format() {
        for (format, from, to, told) in [
            (
                RecipeFormat::Yaml,
                "[fetch]",
                "[fetsh]",
                "line 12: step \"check\": needs: there is no step \"fetsh\"",
            ),
            (
                RecipeFormat::Toml,
                "[\"fetch\"]",
                "[\"fetsh\"]",
                "line 18: step \"check\": needs: there is no step \"fetsh\"",
            ),
            (
                RecipeFormat::Yaml,
                "${input.url}",
                "${inputs.url}",
                "line 8: step \"fetch\": args.url: ${inputs.url} names nothing",
            ),
            (
                RecipeFormat::Toml,
                "${input.url}",
                "${inputs.url}",
                "line 13: step \"fetch\": args.url: ${inputs.url} names nothing",
            ),
            (
                RecipeFormat::Yaml,
                "maxAttempts",
                "maxAtempts",
                "line 9: step \"fetch\": unknown field `maxAtempts`",
            ),
            (
                RecipeFormat::Toml,
                "maxAttempts",
                "maxAtempts",
                "line 14: step \"fetch\": unknown field `maxAtempts`",
            ),
            (RecipeFormat::Yaml, "name:", "title:", "line 3: unknown field `title`"),
            (
                RecipeFormat::Yaml,
                "    kind: http.download\n",
                "",
                "line 6: step \"fetch\": missing field `kind`",
            ),
            (
                RecipeFormat::Yaml,
                "    args: {url",
                "    needs: [check]\n    args: {url",
                "line 8: step \"fetch\": needs: these steps need each other in a circle: fetch -> check -> fetch",
            ),
            (RecipeFormat::Yaml, "[fetch]", "[fetch", "line 13: this is no YAML"),
            (RecipeFormat::Toml, "[\"fetch\"]", "[\"fetch\"", "line 19: this is no TOML"),
            (
                RecipeFormat::Yaml,
                "id: check",
                "id: fetch",
                "line 10: step \"fetch\": another step has this id already",
            ),
        ] {
            let text = if format == RecipeFormat::Toml { TOML } else { YAML };
            assert!(text.contains(from), "{from}");
            let bad = read_recipe(&text.replacen(from, to, 1), format).expect_err(to);
            assert!(bad.to_string().starts_with(told), "{to}: {bad}");
        }
        let json = "{\"name\": \"n\",\n\"steps\": [\n{\"id\": \"a\",\n\"kind\": \"k\",\n\"when\": \"=\"}]}";
        let bad = read_recipe(json, RecipeFormat::Json).expect_err("a bad condition");
        assert!(bad.to_string().starts_with("line 5: step \"a\": when: column 1:"), "{bad}");
        let bad = read_recipe("{\n\"name\"}", RecipeFormat::Json).expect_err("no JSON");
        assert!(bad.to_string().starts_with("line 2: this is no JSON"), "{bad}");
    }

    #[test]
    fn what_is_no_document_is_refused_and_never_panics() {
        let deep_flow = "[".repeat(50_000);
        let deep_block = "- ".repeat(50_000);
        let large = "#".repeat(caps::RECIPE_FILE_BYTES + 1);
        for (text, format) in [
            ("", RecipeFormat::Yaml),
            ("a: 1\na: 2", RecipeFormat::Yaml),
            ("? [a]\n: 1", RecipeFormat::Yaml),
            ("--- 1\n--- 2", RecipeFormat::Yaml),
            ("a: &x [1]\nb: *x", RecipeFormat::Yaml),
            ("a: !!binary x", RecipeFormat::Yaml),
            (&deep_flow, RecipeFormat::Yaml),
            (&deep_block, RecipeFormat::Yaml),
            (&deep_flow, RecipeFormat::Json),
            (&deep_flow, RecipeFormat::Toml),
            (&large, RecipeFormat::Yaml),
            ("a = 1\na = 2", RecipeFormat::Toml),
            ("a = 99999999999999999999", RecipeFormat::Toml),
            ("a = nan", RecipeFormat::Toml),
            ("[]", RecipeFormat::Json),
            ("\u{feff}\u{0}\t: :", RecipeFormat::Yaml),
        ] {
            let bad = read_recipe(text, format).expect_err(&text[..text.len().min(20)]);
            assert!(!bad.problems.is_empty());
        }
    }
}
