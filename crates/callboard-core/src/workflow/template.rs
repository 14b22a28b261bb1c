//! Values with places in them. A text that is nothing but one place becomes what is there, of whatever type; other
//! texts stay texts. `$${` is `${` itself.
//!
//! These are not the templates of configured kinds (`callboard-exec/src/template.rs`): those fill one element of an
//! argument vector, a path or an address, and know secrets; these fill JSON and know a workflow.

use super::place::{Place, Scope};
use callboard_protocol::{Key, Node, Object};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    /// Without a place.
    Constant(Node),
    /// Nothing but a place.
    Whole(Place),
    Text(Vec<Part>),
    Array(Vec<Template>),
    Object(Vec<(Key, Template)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Text(String),
    Place(Place),
}

impl Template {
    /// Reads a value; what is wrong is told with the path of the text below the value.
    pub(crate) fn read(node: &Node, problem: &mut dyn FnMut(&str, String)) -> Template {
        match node {
            Node::String(text) => match parts(text) {
                Ok(parts) => Template::of_parts(parts),
                Err(message) => {
                    problem("", message);
                    Template::Constant(node.clone())
                }
            },
            Node::Array(items) => {
                let read = |(index, item)| {
                    Template::read(item, &mut |path, message| problem(&format!("/{index}{path}"), message))
                };
                let items: Vec<Template> = items.iter().enumerate().map(read).collect();
                if items.iter().all(Template::is_constant) {
                    return Template::Constant(
                        items.into_iter().map(Template::into_constant).collect::<Vec<_>>().into(),
                    );
                }
                Template::Array(items)
            }
            Node::Object(members) => {
                let read = |(key, value): (&Key, &Node)| {
                    let name = key.as_str().replace('~', "~0").replace('/', "~1");
                    let told = &mut |path: &str, message| problem(&format!("/{name}{path}"), message);
                    (key.clone(), Template::read(value, told))
                };
                let members: Vec<(Key, Template)> = members.iter().map(read).collect();
                if members.iter().all(|(_, value)| value.is_constant()) {
                    let members = members.into_iter().map(|(key, value)| (key, value.into_constant()));
                    return Template::Constant(members.collect::<Object>().into());
                }
                Template::Object(members)
            }
            other => Template::Constant(other.clone()),
        }
    }

    fn of_parts(mut parts: Vec<Part>) -> Template {
        match (parts.pop(), parts.is_empty()) {
            (None, _) => Template::Constant("".into()),
            (Some(Part::Text(text)), true) => Template::Constant(text.into()),
            (Some(Part::Place(place)), true) => Template::Whole(place),
            (Some(last), false) => {
                parts.push(last);
                Template::Text(parts)
            }
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Template::Constant(_))
    }

    fn into_constant(self) -> Node {
        match self {
            Template::Constant(node) => node,
            _ => Node::Null,
        }
    }

    /// All places in it.
    pub(crate) fn places<'a>(&'a self, found: &mut Vec<&'a Place>) {
        match self {
            Template::Constant(_) => {}
            Template::Whole(place) => found.push(place),
            Template::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Place(place) => Some(place),
                Part::Text(_) => None,
            })),
            Template::Array(items) => items.iter().for_each(|item| item.places(found)),
            Template::Object(members) => members.iter().for_each(|(_, value)| value.places(found)),
        }
    }

    /// Fills the places.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    pub(crate) fn fill(&self, scope: &Scope<'_>) -> Result<Node, String> {
        match self {
            Template::Constant(node) => Ok(node.clone()),
            Template::Whole(place) => place.value(scope),
            Template::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(constant) => text.push_str(constant),
                        Part::Place(place) => match place.value(scope)? {
                            Node::String(value) => text.push_str(&value),
                            Node::Null => return Err(format!("{place} is null, which is no part of a text")),
                            value => text.push_str(&value.to_string()),
                        },
                    }
                }
                Ok(text.into())
            }
            Template::Array(items) => {
                let filled: Result<Vec<Node>, String> = items.iter().map(|item| item.fill(scope)).collect();
                Ok(filled?.into())
            }
            Template::Object(members) => {
                let fill = |(key, value): &(Key, Template)| Ok((key.clone(), value.fill(scope)?));
                let filled: Result<Object, String> = members.iter().map(fill).collect();
                Ok(filled?.into())
            }
        }
    }
}

/// The constant parts and the places of a text.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut constant, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            constant.push_str(before);
            constant.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        constant.push_str(&rest[..at]);
        let Some((name, after)) = rest[at + 2..].split_once('}') else {
            return Err("a ${ is not closed; write $${ for the characters".into());
        };
        if !constant.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut constant)));
        }
        parts.push(Part::Place(Place::parse(name)?));
        rest = after;
    }
    constant.push_str(rest);
    if !constant.is_empty() {
        parts.push(Part::Text(constant));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).expect("JSON")
    }

    fn fill(template: &str) -> Result<String, String> {
        let workflow = node(
            r#"{"id":"w","name":"n","input":{"a":"x","list":[1,{"b":true}],"none":null},
                "steps":{"s":{"state":"succeeded","result":{"n":7}},"f":{"state":"failed","error":{"message":"no"}}}}"#,
        );
        let item = node(r#"{"path":"p"}"#);
        let mut problems = Vec::new();
        let read = Template::read(&node(template), &mut |path, message| {
            problems.push(format!("{path}: {message}"));
        });
        if let Some(problem) = problems.pop() {
            return Err(problem);
        }
        let scope = Scope { workflow: &workflow, item: Some((&item, 3)), own: None };
        read.fill(&scope).map(|node| node.to_string())
    }

    #[test]
    fn a_place_alone_keeps_its_type_and_one_in_a_text_becomes_text() {
        for (template, filled) in [
            (r#""${input.a}""#, r#""x""#),
            (r#""${ input.list }""#, r#"[1,{"b":true}]"#),
            (r#""${input.list.1.b}""#, "true"),
            (r#""<${input.a}-${steps.s.result.n}>""#, r#""<x-7>""#),
            (r#""${steps.f.result}""#, "null"),
            (r#""${steps.f.state}: ${steps.f.error}""#, r#""failed: no""#),
            (r#""${item.path}#${index} of ${workflow.name}""#, r#""p#3 of n""#),
            (r#""$${input.a} costs $5""#, r#""${input.a} costs $5""#),
            (r#"{"k":["${index}",{"${input.a}":2}]}"#, r#"{"k":[3,{"${input.a}":2}]}"#),
            (r#"{"k":[1,"y"]}"#, r#"{"k":[1,"y"]}"#),
            (r#""""#, r#""""#),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(filled), "{template}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (template, word) in [
            (r#""${input.b}""#, "input.b is missing"),
            (r#""${input.a.b}""#, "input.a.b is missing"),
            (r#""${steps.s.result.m.k}""#, "steps.s.result.m is missing"),
            (r#""x${input.none}""#, "null"),
        ] {
            let error = fill(template).expect_err(template);
            assert!(error.contains(word), "{template}: {error}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_told_with_its_path() {
        for (template, start) in [
            (r#"{"a/b":[0,"${inputs.x}"]}"#, "/a~1b/1: ${inputs.x} names nothing"),
            (r#"["${input.x"]"#, "/0: a ${ is not closed"),
            (r#""${}""#, ": ${} has an empty name"),
            (r#""${steps.a}""#, ": ${steps.a} names nothing"),
            (r#""${input..x}""#, ": ${input..x} has an empty name"),
        ] {
            let error = fill(template).expect_err(template);
            assert!(error.starts_with(start), "{template}: {error}");
        }
    }
}
