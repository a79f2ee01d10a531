//! What an event says more about itself, for people: a name and a value a line.

use jiff::Timestamp;
use patgate_core::policy::notification::length_in_page;
use serde_json::Value;

use crate::pages::Moment;
use crate::pages::beginning::beginning;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) struct Line {
    pub(in crate::pages) name: String,
    pub(in crate::pages) value: Vec<Part>,
}

/// A part of a value: words, or a moment, which the script writes in the browser's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) struct Part {
    pub(in crate::pages) text: String,
    pub(in crate::pages) at: Option<Moment>,
}

impl Part {
    /// Words.
    pub(in crate::pages) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: None }
    }

    fn length(&self) -> usize {
        self.at.as_ref().map_or_else(|| length(&self.text), |_| MOMENT)
    }
}

/// As many bytes of an event stand on a page of many events, with who did it, what it is about and the links to both. A mail has
/// thousands of them, and a role ten thousand principals.
pub(super) const MOST: usize = 900;

/// As many bytes of a value are told at least, so that no long value hides the others.
const LEAST: usize = 20;

/// As many bytes are counted for a moment.
const MOMENT: usize = "2026-12-21T23:59:59Z".len();

/// The lines of an event's detail, of at most so many bytes: of long values their beginning. Settings have members of members:
/// their names are joined.
pub(super) fn lines(detail: &Value, most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    collect(&mut lines, "", detail);
    cut(&mut lines, most);
    lines
}

/// Each line keeps its name, and as much of its value as the others leave; those that no room is left for are not told.
fn cut(lines: &mut Vec<Line>, most: usize) {
    let weights: Vec<_> =
        lines.iter().map(|line| line.value.iter().map(Part::length).sum::<usize>()).collect();
    let names: Vec<_> = lines.iter().map(|line| length(&line.name)).collect();
    if names.iter().chain(&weights).sum::<usize>() <= most {
        return;
    }
    let mut used = 0;
    let is_told = |(name, weight): &(&usize, &usize)| {
        used += **name + LEAST.min(**weight);
        used <= most
    };
    let told = names.iter().zip(&weights).take_while(is_told).count();
    lines.truncate(told);
    let share = share(&weights[..told], most - names[..told].iter().sum::<usize>());
    lines.iter_mut().for_each(|line| shorten(&mut line.value, share));
    let value = vec![Part::text("The rest is in the download of the audit log.")];
    lines.push(Line { name: String::new(), value });
}

/// How much each of these values may take, so that all of them take no more than that together: what short ones leave is for
/// the long ones.
fn share(weights: &[usize], mut left: usize) -> usize {
    let mut sorted = weights.to_vec();
    sorted.sort_unstable();
    for (at, weight) in sorted.iter().enumerate() {
        let each = left / (sorted.len() - at);
        if *weight > each {
            return each;
        }
        left -= weight;
    }
    MOST
}

/// Leaves so many bytes of a value.
fn shorten(value: &mut Vec<Part>, mut left: usize) {
    for at in 0..value.len() {
        if let Some(rest) = left.checked_sub(value[at].length()) {
            left = rest;
            continue;
        }
        // A moment is told whole, or not at all.
        let is_moment = value[at].at.is_some();
        let text = if is_moment { "…".to_owned() } else { beginning(&value[at].text, left) };
        value.truncate(at);
        value.push(Part::text(text));
        return;
    }
}

/// How many bytes a text takes in a page.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(length_in_page).sum()
}

fn collect(lines: &mut Vec<Line>, name: &str, value: &Value) {
    match value {
        Value::Object(members) => match (members.get("from"), members.get("to"), members.len()) {
            (Some(from), Some(to), 2) if from.is_object() && to.is_object() => {
                differences(lines, name, from, to);
            }
            (Some(from), Some(to), 2) => {
                lines.push(Line { name: words(name), value: change(name, from, to) });
            }
            _ => {
                for (member, value) in members {
                    collect(lines, &joined(name, member), value);
                }
            }
        },
        value => lines.push(Line { name: words(name), value: parts(name, value) }),
    }
}

/// Of two states of one thing, only what is different.
fn differences(lines: &mut Vec<Line>, name: &str, from: &Value, to: &Value) {
    let (Value::Object(before), Value::Object(after)) = (from, to) else {
        if from != to {
            lines.push(Line { name: words(name), value: change(name, from, to) });
        }
        return;
    };
    let new = after.keys().filter(|member| !before.contains_key(*member));
    for member in before.keys().chain(new) {
        let value = |of: &serde_json::Map<String, Value>| of.get(member).cloned().unwrap_or_default();
        differences(lines, &joined(name, member), &value(before), &value(after));
    }
}

fn joined(name: &str, member: &str) -> String {
    if name.is_empty() || ["from", "to"].contains(&name) {
        member.to_owned()
    } else {
        format!("{name} {member}")
    }
}

/// A name of the API in words: `fullName` is “Full name”.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        match letter {
            letter if words.is_empty() => words.extend(letter.to_uppercase()),
            letter if letter.is_uppercase() => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            '_' => words.push(' '),
            letter => words.push(letter),
        }
    }
    words
}

fn change(name: &str, from: &Value, to: &Value) -> Vec<Part> {
    let mut value = parts(name, from);
    value.push(Part::text(" → "));
    value.extend(parts(name, to));
    value
}

fn parts(name: &str, value: &Value) -> Vec<Part> {
    let text = match value {
        // What is absent means much in these places, and nothing in others. The end of a token has no name of its own.
        Value::Null => match name {
            "permissions" => "all that the owner has".to_owned(),
            "expiresAt" | "" => "never".to_owned(),
            _ => "none".to_owned(),
        },
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => return vec![Part { text: String::new(), at: Some(at.into()) }],
            Err(_) => text.clone(),
        },
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let comma = [Part::text(", ")];
            let values: Vec<_> = values.iter().map(|value| parts(name, value)).collect();
            return values.join(&comma[..]);
        }
        Value::Object(members) => match (members.get("username"), members.get("provider")) {
            // A principal of a role.
            (Some(Value::String(name)), Some(Value::String(provider))) => format!("{name} ({provider})"),
            _ => value.to_string(),
        },
        value => value.to_string(),
    };
    vec![Part::text(text)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(detail: &Value) -> Vec<String> {
        let text = |part: Part| part.at.map_or(part.text, |moment| format!("<{}>", moment.exact));
        let line =
            |line: Line| format!("{}: {}", line.name, line.value.into_iter().map(text).collect::<String>());
        lines(detail, MOST).into_iter().map(line).collect()
    }

    #[test]
    fn a_detail_reads_like_a_list() {
        let detail = json!({ "owner": "ann", "permissions": null, "expiresAt": "2026-12-21T23:59:59Z" });
        assert_eq!(
            shown(&detail),
            ["Owner: ann", "Permissions: all that the owner has", "Expires at: <2026-12-21T23:59:59Z>"]
        );
        let detail = json!({ "fullName": { "from": "", "to": "Ann <b>" }, "disabled": false, "n": [1, "x"] });
        assert_eq!(shown(&detail), ["Full name: nothing → Ann <b>", "Disabled: no", "N: 1, x"]);
        let detail = json!({ "from": null, "to": "2026-12-21T23:59:59Z" });
        assert_eq!(shown(&detail), [": never → <2026-12-21T23:59:59Z>"]);
        let endless = json!({ "expiresAt": null, "permissions": [] });
        assert_eq!(shown(&endless), ["Expires at: never", "Permissions: none"]);
        assert_eq!(shown(&json!({})), [""; 0]);
        let group = json!({ "principals": [{ "username": "ops", "kind": "group", "provider": "corp" }] });
        assert_eq!(shown(&group), ["Principals: ops (corp)"]);
    }

    #[test]
    fn of_a_long_event_each_field_is_told_and_where_the_rest_is() {
        let rest = ": The rest is in the download of the audit log.";
        for (letter, fit, beside) in [("ü", 448, 445), ("<", 179, 178)] {
            let fits = json!({ "body": letter.repeat(fit) });
            assert_eq!(shown(&fits), [format!("Body: {}", letter.repeat(fit))]);
            let long = json!({ "body": letter.repeat(fit + 1), "name": "x" });
            let beginning = format!("Body: {}…", letter.repeat(beside));
            assert_eq!(shown(&long), [beginning, "Name: x".to_owned(), rest.to_owned()]);
        }
        let many = json!({ "n": { "from": [], "to": vec!["ann"; 10_000] }, "other": vec!["bob"; 10_000] });
        let told = shown(&many);
        assert!(told[0].starts_with("N: none → ann, ann") && told[0].len() < 520, "{told:?}");
        assert!(told[1].starts_with("Other: bob, bob") && told[1].len() < 520, "{told:?}");
        assert_eq!(&told[2..], [rest]);
        let moments = json!({ "at": vec!["2026-12-21T23:59:59Z"; 1_000] });
        assert!(shown(&moments)[0].matches('<').count() < 50);
    }

    #[test]
    fn an_event_of_many_fields_stays_short() {
        let event = |count: usize| -> Value {
            (0..count).map(|number| (format!("n{number:03}"), json!("x".repeat(5_000)))).collect()
        };
        let told = shown(&event(30));
        assert_eq!(told.len(), 31, "each is named: {told:?}");
        assert!(told[..30].iter().all(|line| line.contains(&"x".repeat(LEAST))), "{told:?}");
        let told = shown(&event(500));
        assert!(told.len() > 30 && told.concat().len() < MOST + 500, "{told:?}");
        let long_name = json!({ ("x".repeat(5_000)): "y" });
        assert_eq!(shown(&long_name).len(), 1, "where the rest is, alone");
    }

    #[test]
    fn of_two_states_only_the_difference_is_told() {
        let state = |days: Value, sso: bool| json!({ "days": days, "same": 1, "origins": { "release": { "sso": sso } } });
        let detail = json!({ "from": state(json!(30), false), "to": state(Value::Null, true) });
        assert_eq!(shown(&detail), ["Days: 30 → none", "Origins release sso: no → yes"]);
    }
}
