//! Templates that work, and those that are refused.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn one(name: &str) -> Values {
    let expires_at = "2026-12-21T22:59:00Z".parse().unwrap();
    let now = "2026-12-17T01:00:00Z".parse().unwrap();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    Values {
        owner: "ann".to_owned(),
        owner_full_name: "Ann <b>Müller</b>".to_owned(),
        server_url: "https://patgate.example.org".to_owned(),
        tokens: vec![TokenValues::new(
            name,
            expires_at,
            now,
            &zone,
            "https://patgate.example.org/renew?a=1&b=2",
        )],
    }
}

fn render(subject: &str, body: &str, name: &str) -> Rendered {
    Template::parse(Kind::Token, subject, body).unwrap().render(&one(name)).unwrap()
}

fn refused(kind: Kind, subject: &str, body: &str) -> String {
    Template::parse(kind, subject, body).unwrap_err().to_string()
}

#[test]
fn every_placeholder_is_filled_in() {
    let body = "{{ owner }}|{{ owner_full_name }}|{{ token_name }}|{{ expires_at }}|{{ expires_at_utc }}|{{ days_left }}|\
                {{ renew_url }}|{{ server_url }}";
    assert_eq!(
        render("s", body, "ci").text,
        "ann|Ann <b>Müller</b>|ci|21 Dec 2026, 23:59 (Europe/Berlin)|21 Dec 2026, 22:59 UTC|5|\
         https://patgate.example.org/renew?a=1&b=2|https://patgate.example.org\n"
    );
}

#[test]
fn the_default_texts_work() {
    for kind in [Kind::Token, Kind::Digest] {
        let template = Template::parse(kind, kind.default_subject(), kind.default_body()).unwrap();
        let rendered = template.render(&Values::sample()).unwrap();
        insta::assert_snapshot!(
            format!("{kind:?}_text"),
            format!("{}\n\n{}", rendered.subject, rendered.text)
        );
        insta::assert_snapshot!(format!("{kind:?}_html"), rendered.html);
    }
}

#[test]
fn behaviour_69_what_people_chose_is_escaped_in_html_and_makes_no_line_in_a_subject() {
    let rendered = render(
        "Token {{ token_name }}\r\nBcc: eve@example.org",
        "<p>{{ owner_full_name }} <a href=\"{{ renew_url }}\">{{ token_name }}</a></p>",
        "\"><script>\r\nBcc: x",
    );
    assert_eq!(rendered.subject, "Token \"><script> Bcc: x Bcc: eve@example.org");
    assert!(rendered.html.contains("Ann &lt;b&gt;M"), "{}", rendered.html);
    assert!(!rendered.html.contains("<script") && !rendered.html.contains("<b>"), "{}", rendered.html);
    assert!(rendered.text.contains("Ann <b>Müller</b>"), "{}", rendered.text);
    assert!(rendered.text.contains("https://patgate.example.org/renew?a=1&b=2"), "{}", rendered.text);
}

#[test]
fn a_text_becomes_paragraphs_with_links() {
    let rendered =
        render("s", "Hello {{ owner_full_name }},\n\nsee {{ renew_url }}.\nBye <ann@example.org>\n", "ci");
    assert_eq!(
        rendered.text,
        "Hello Ann <b>Müller</b>,\n\nsee https://patgate.example.org/renew?a=1&b=2.\nBye <ann@example.org>\n"
    );
    let address = "https://patgate.example.org/renew?a=1&amp;b=2";
    let body = format!(
        "<p>Hello Ann &lt;b&gt;Müller&lt;/b&gt;,</p>\n<p>see <a href=\"{address}\">{address}</a>.<br>\nBye \
         &lt;ann@example.org&gt;</p>"
    );
    assert!(rendered.html.contains(&body), "{}", rendered.html);
}

#[test]
fn a_wrong_placeholder_is_refused_by_name() {
    let known = "`owner`, `owner_full_name`, `token_name`, `expires_at`, `expires_at_utc`, `days_left`, `renew_url`, \
                 `server_url`";
    assert_eq!(
        refused(Kind::Token, "s", "one\n{{ token_nam }}"),
        format!("the body has no placeholder `token_nam` (line 2); there are {known}")
    );
    assert!(refused(Kind::Token, "{{ x }}", "b").starts_with("the subject has no placeholder `x` (line 1)"));
    // In a branch that is not taken, in a loop, and of a list that this kind does not have.
    for body in [
        "{% if days_left > 1000 %}{{ wrong }}{% endif %}",
        "{% for token in tokens %}{{ token.token_name }}{% endfor %}",
        "{{ owner }}{{ owner.wrong }}",
    ] {
        assert!(refused(Kind::Token, "s", body).contains("has no placeholder"), "{body}");
    }
    let in_loop =
        "{% for token in tokens %}{% if token.days_left > 1000 %}{{ token.wrong }}{% endif %}{% endfor %}";
    let fault = refused(Kind::Digest, "s", in_loop);
    assert!(fault.contains("no placeholder `wrong`") && fault.contains("`renew_url`"), "{fault}");
    assert!(refused(Kind::Digest, "{{ token_name }}", "b").contains("no placeholder `token_name`"));
}

#[test]
fn a_digest_goes_through_its_tokens() {
    let template = Template::parse(
        Kind::Digest,
        "{{ tokens|length }} tokens of {{ owner|upper }}",
        "{% for token in tokens %}{{ loop.index }}. {{ token.token_name }}: {{ token.days_left }}{% if not loop.last %}; \
         {% endif %}{% endfor %}",
    );
    let rendered = template.unwrap().render(&Values::sample()).unwrap();
    assert_eq!(rendered.subject, "2 tokens of ANN");
    assert_eq!(rendered.text, "1. ci-deploy: 5; 2. nightly-report: 6\n");
}

#[test]
fn nothing_but_placeholders_and_branches_is_run() {
    for body in [
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as x %}",
        "{% macro x() %}{% endmacro %}",
        "{% set x = 1 %}",
        "{% autoescape false %}{{ owner }}{% endautoescape %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{%- autoescape false %}{% endautoescape %}",
        "{% filter upper %}{% endfilter %}",
        "{% with x = 1 %}{% endwith %}",
        "{% do x %}",
        "{{ 'a' * 100000000 }}",
        "{{ [1] }}",
        "{{ {'a': 1} }}",
        "{{ owner[0] }}",
        "{{ 5 % 2 }}",
        "{% for x in tokens recursive %}{% endfor %}",
        "{%\nautoescape false %}{% endautoescape %}",
        "{{ 1 / 0 }}",
    ] {
        let fault = refused(Kind::Digest, "s", &format!("<p>{body}</p>"));
        assert!(fault.contains("is not allowed in the body (line "), "{body}: {fault}");
    }
    for body in [
        "{{ owner|safe }}",
        "{{ owner",
        "{% if owner %}",
        "{{ owner|default('x') }}",
        "{{ range(9) }}",
        "{{ owner() }}",
        "{# never ends",
        "{{ 'never ends }}",
        "{{ }}",
        "{% if %}{% endif %}",
        "{{ debug() }}",
    ] {
        assert!(Template::parse(Kind::Token, "s", body).is_err(), "{body}");
    }
    assert_eq!(refused(Kind::Token, " ", "b"), "the subject is empty");
    assert_eq!(
        refused(Kind::Token, &"s".repeat(301), "b"),
        "the subject is too long: 300 characters at most"
    );
    assert_eq!(refused(Kind::Token, "s", &"b".repeat(70_000)), "the body is too long: 64 KiB at most");
}

#[test]
fn what_would_take_too_long_is_given_up() {
    let fours = |inner: &str| {
        let (start, end) =
            ("{% for a in tokens %}{% for b in tokens %}{% for c in tokens %}", "{% endfor %}".repeat(3));
        format!("{start}{inner}{end}")
    };
    let template = Template::parse(Kind::Digest, "s", &fours("{{ owner }}")).unwrap();
    let mut values = Values::sample();
    values.tokens = std::iter::repeat_n(values.tokens[0].clone(), 1_000).collect();
    assert_eq!(template.render(&values), Err(TemplateFault::TooMuch { part: Part::Body }));
    let template = Template::parse(Kind::Token, "s", &"{{ owner }}".repeat(1_000)).unwrap();
    values.owner = "x".repeat(10_000);
    assert_eq!(template.render(&values), Err(TemplateFault::TooMuch { part: Part::Body }));
    // A thousand tokens in a digest are no trouble.
    values.owner = "ann".to_owned();
    let usual =
        Template::parse(Kind::Digest, Kind::Digest.default_subject(), Kind::Digest.default_body()).unwrap();
    assert!(usual.render(&values).is_ok());
}

#[test]
fn a_text_endures_the_longest_names_and_the_most_tokens_or_is_refused() {
    for kind in [Kind::Token, Kind::Digest] {
        let template = Template::parse(kind, kind.default_subject(), kind.default_body()).unwrap();
        assert_eq!(template.endures(), Ok(()), "{kind:?}");
    }
    let (subject, body) =
        (Kind::Digest.default_subject(), "{% for token in tokens %}{{ token.token_name }}\n{% endfor %}");
    assert_eq!(Template::parse(Kind::Digest, subject, body).unwrap().endures(), Ok(()));
    // Each of them is good for two tokens.
    let each = |inner: &str| format!("{{% for token in tokens %}}{inner}{{% endfor %}}");
    let names = "{{ token.token_name }}, ";
    for (subject, body, fault) in [
        (each(&each("{{ owner }}")), "x".to_owned(), TemplateFault::TooMuch { part: Part::Subject }),
        (subject.to_owned(), each(&names.repeat(20)), TemplateFault::TooMuch { part: Part::Body }),
        (subject.to_owned(), each(&each("{{ loop.index }} ")), TemplateFault::TooMuch { part: Part::Body }),
        (subject.to_owned(), each("<div><div>"), TemplateFault::NoText),
    ] {
        let template = Template::parse(Kind::Digest, &subject, &body).unwrap();
        assert_eq!(template.endures(), Err(fault), "{subject} {body}");
    }
    // What the text says of a token that expired is looked at too.
    let branch = "{% if days_left %}{{ token_name }}{% else %}{{ token_name - 1 }}{% endif %}";
    let template = Template::parse(Kind::Token, "s", branch).unwrap();
    assert!(matches!(template.endures(), Err(TemplateFault::Unreadable { part: Part::Body, .. })));
}

#[test]
fn html_that_is_deep_or_broken_ends_no_thread() {
    for deep in [
        "<div>".repeat(10_000),
        "<table><tr><td>".repeat(4_000),
        "<b>".repeat(20_000),
        "<b></i>".repeat(9_000),
        // End tags that are none, and one that ends nothing where it stands.
        "<b><!--</b>-->".repeat(4_000),
        "<b title='</b>'>".repeat(3_000),
        "<div><table><tr><td></div>".repeat(2_000),
    ] {
        assert_eq!(refused(Kind::Token, "s", &deep), TemplateFault::NoText.to_string());
    }
    for body in [
        "<p",
        "<p>a<b>b</p>c</b>",
        "<table><td rowspan=0 colspan=99999>x</table>",
        "<ol start=-9999999999><li>x</ol>",
        "<a href=javascript:alert(1)>x</a>",
        "<br>".repeat(10_000).as_str(),
        "<p>".repeat(10_000).as_str(),
        "<!-- x",
        "<style>p{}</style><p>x</p>",
        "<li>".repeat(5_000).as_str(),
        "<pre>\t\0x</pre>",
    ] {
        // Either is fine; what counts is that there is an answer.
        let _ = Template::parse(Kind::Token, "s", body);
    }
}

#[test]
fn days_are_counted_as_on_the_pages() {
    let expires_at = "2026-12-21T22:59:00Z".parse().unwrap();
    let days =
        |now: &str| TokenValues::new("a", expires_at, now.parse().unwrap(), &TimeZone::UTC, "x").days_left;
    assert_eq!(days("2026-12-14T22:59:00Z"), 7);
    assert_eq!(days("2026-12-14T22:58:59Z"), 8);
    assert_eq!(days("2026-12-20T22:59:00Z"), 1);
    assert_eq!(days("2026-12-21T22:58:59Z"), 1);
    assert_eq!(days("2026-12-21T22:59:00Z"), 0);
    let zone = TimeZone::fixed(jiff::tz::offset(-3));
    let values = TokenValues::new("a", expires_at, expires_at, &zone, "x");
    assert_eq!(values.expires_at, "21 Dec 2026, 19:59 (UTC-03:00)");
}

/// A piece of a template: of the language, of HTML, and what is neither.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{%-",
        "-%}",
        " owner ",
        " tokens ",
        " token ",
        ".",
        "token_name",
        "|",
        "length",
        "safe",
        "upper",
        "if ",
        "elif ",
        "else",
        "endif",
        "for ",
        " in ",
        "endfor",
        "raw",
        "endraw",
        "set ",
        "autoescape false",
        "endautoescape",
        "include ",
        "\"",
        "'",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "*",
        "~",
        "=",
        "<p>",
        "</p>",
        "<a href=",
        "<b>",
        "<table>",
        "<td>",
        "<!--",
        "&amp;",
        "\n",
        "\r\n",
        " ",
        "a",
        "9",
        "ü",
        "\0",
        "{{ owner }}",
        "{% for token in tokens %}{{ token.token_name }}{% endfor %}",
        "{% if owner %}",
        "<",
        ">",
        "-",
        "+",
    ])
}

proptest! {
    #[test]
    fn whatever_is_written_is_refused_or_escaped(
        pieces in prop::collection::vec(piece(), 0..14),
        kind in prop::sample::select(vec![Kind::Token, Kind::Digest]),
    ) {
        let (subject, body) = (pieces.concat(), format!("<p>{}</p>", pieces.concat()));
        let evil = "<script>\r\nBcc: x";
        let mut values = Values::sample();
        values.owner = evil.to_owned();
        values.tokens[0].token_name = evil.to_owned();
        for template in [Template::parse(kind, &subject, &body), Template::parse(kind, "s", &body)] {
            if let Ok(Ok(rendered)) = template.map(|template| template.render(&values)) {
                prop_assert!(!rendered.subject.contains(['\r', '\n']));
                prop_assert!(!rendered.html.contains("<script"), "{}", rendered.html);
            }
        }
    }
}
