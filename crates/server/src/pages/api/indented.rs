//! JSON for people to read: each member on a line. The text may be a secret, so no part of it is copied elsewhere.

use zeroize::Zeroizing;

/// How deep what is nested is indented. Nothing that this server answers is nested deeper than a few levels.
const DEEPEST: usize = 8;
/// By how much a text grows at most while it is indented, when all of it is brackets: room is taken at once, because a text
/// that outgrows its room leaves a copy behind.
const GROWTH: usize = 2 + 2 * DEEPEST;

/// Indents JSON. What is none comes out with other blanks.
pub(super) fn indented(json: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(json.len().saturating_mul(GROWTH)));
    let mut depth = 0_usize;
    let (mut is_text, mut is_escaped) = (false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if is_text {
            text.push(letter);
            is_text = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
            continue;
        }
        match letter {
            '{' | '[' => {
                text.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = letters.next_if(|next| ['}', ']'].contains(next)) {
                    text.push(end);
                } else {
                    depth += 1;
                    break_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut text, depth);
                text.push(letter);
            }
            ',' => {
                text.push(letter);
                break_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            letter => {
                text.push(letter);
                is_text = letter == '"';
            }
        }
    }
    text
}

fn break_line(text: &mut String, depth: usize) {
    text.push('\n');
    (0..depth.min(DEEPEST)).for_each(|_| text.push_str("  "));
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn json_is_indented_as_people_know_it() {
        for json in [
            r#"{"name":"a,b:{c}\\","quote":"\"x\\","list":[1,{"a":null}],"none":[],"empty":{},"text":"é\u00e9"}"#,
            "[]",
            "null",
            r#""text""#,
        ] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let again: serde_json::Value = serde_json::from_str(&indented(json)).unwrap();
            assert_eq!(again, value);
            // `\u00e9` is written as it came.
            assert_eq!(indented(&value.to_string()).as_str(), pretty);
            assert_eq!(indented(&pretty).as_str(), pretty);
        }
        assert_eq!(indented("]]{").as_str(), "\n]\n]{\n  ");
    }
}
