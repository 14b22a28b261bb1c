//! What a bench finds: a value, and what a plainer way to do the same takes beside it.

use serde_json::{Value, json};

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: Unit,
    beside: Option<(&'static str, f64)>,
}

/// What a value counts, and which way is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    /// More is better.
    PerSecond(&'static str),
    /// Less is better.
    Cost(&'static str),
}

impl Unit {
    fn text(self) -> String {
        match self {
            Unit::PerSecond(what) => format!("{what}/s"),
            Unit::Cost(what) => what.into(),
        }
    }
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Figure { name: name.into(), value, unit, beside: None }
    }

    /// What the plainer way came to, in the same unit.
    pub(crate) fn beside(mut self, name: &'static str, value: f64) -> Self {
        self.beside = Some((name, value));
        self
    }

    /// How many times the cost of the thing beside: 1 is equal, less is better.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (_, beside) = self.beside?;
        let ratio = match self.unit {
            Unit::PerSecond(_) => beside / self.value,
            Unit::Cost(_) => self.value / beside,
        };
        ratio.is_finite().then_some(ratio)
    }

    /// One line of `--json`.
    pub(crate) fn to_json(&self, bench: &str) -> Value {
        let beside = self.beside.map(|(name, value)| json!({ "name": name, "value": rounded(value) }));
        json!({
            "bench": bench,
            "figure": self.name,
            "value": rounded(self.value),
            "unit": self.unit.text(),
            "beside": beside,
            "ratio": self.ratio().map(rounded),
        })
    }

    fn row(&self, bench: &str) -> [String; 6] {
        let (name, value) = self.beside.map_or_else(Default::default, |(name, value)| (name, number(value)));
        [
            bench.into(),
            self.name.clone(),
            format!("{} {}", number(self.value), self.unit.text()),
            value,
            self.ratio().map(number).unwrap_or_default(),
            name.into(),
        ]
    }
}

/// A table for people; a ratio is how many times the cost of what is beside.
pub(crate) fn table(bench: &str, figures: &[Figure]) -> String {
    let head = ["bench", "figure", "value", "beside", "ratio", "beside is"].map(String::from);
    let rows: Vec<_> = std::iter::once(head).chain(figures.iter().map(|figure| figure.row(bench))).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            2..=4 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).map(|line| line + "\n").collect()
}

/// Three digits that mean something; whole numbers from a hundred on.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let places = (2 - value.abs().log10().floor() as i32).clamp(0, 6);
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}

fn number(value: f64) -> String {
    rounded(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_says_how_many_times_the_cost() {
        let slow = Figure::new("a", 100.0, Unit::PerSecond("jobs")).beside("raw", 300.0);
        let dear = Figure::new("b", 30.0, Unit::Cost("us/job")).beside("raw", 10.0);
        assert_eq!((slow.ratio(), dear.ratio()), (Some(3.0), Some(3.0)));
        assert_eq!(Figure::new("c", 1.0, Unit::Cost("ms")).ratio(), None);
        assert_eq!(Figure::new("d", 1.0, Unit::Cost("ms")).beside("nothing", 0.0).ratio(), None);
    }

    #[test]
    fn a_line_of_json_has_what_the_command_promises() {
        let figure = Figure::new("a", 1234.5678, Unit::PerSecond("jobs")).beside("raw", 2469.1356);
        let line = r#"{"bench":"x","beside":{"name":"raw","value":2469.0},"figure":"a","ratio":2.0,"unit":"jobs/s","value":1235.0}"#;
        assert_eq!(figure.to_json("x").to_string(), line);
        let alone = Figure::new("a", 0.012345, Unit::Cost("ms")).to_json("x");
        assert_eq!((&alone["value"], &alone["beside"]), (&json!(0.0123), &Value::Null));
    }

    #[test]
    fn a_table_is_aligned() {
        let figures = [
            Figure::new("short", 5.0, Unit::Cost("ms")),
            Figure::new("longer", 12.0, Unit::Cost("ms")).beside("raw", 6.0),
        ];
        let expected = "\
bench  figure  value  beside  ratio  beside is
x      short    5 ms
x      longer  12 ms       6      2  raw
";
        assert_eq!(table("x", &figures), expected);
    }
}
