//! Filters and paths: those that clients send, those that attackers send, and all others.

use proptest::prelude::*;

use super::*;

fn filter(text: &str) -> Result<Filter, NotAFilter> {
    text.parse()
}

fn shown(text: &str) -> String {
    filter(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn clients_ask_as_the_standard_says() {
    // The examples of RFC 7644 §3.4.2.2, and how they are understood.
    for (sent, understood) in [
        (r#"userName eq "bjensen""#, r#"username eq "bjensen""#),
        (r#"name.familyName co "O'Malley""#, r#"name.familyname co "O'Malley""#),
        (r#"userName sw "J""#, r#"username sw "J""#),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:user:username sw "J""#,
        ),
        ("title pr", "title pr"),
        (r#"meta.lastModified gt "2011-05-13T04:42:34Z""#, r#"meta.lastmodified gt "2011-05-13T04:42:34Z""#),
        (r#"title pr and userType eq "Employee""#, r#"title pr and usertype eq "Employee""#),
        (
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            r#"usertype eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        ),
        (
            r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
            r#"usertype ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
        ),
        (
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        ),
        // Capital letters count in values alone; `and` binds more than `or`; what is equal is one.
        (
            r#"USERNAME EQ "Ann" OR active eq True AND id pr"#,
            r#"username eq "Ann" or (active eq true and id pr)"#,
        ),
        (r#"((id eq "1"))"#, r#"id eq "1""#),
        (r#" not(active eq false)  "#, "not (active eq false)"),
        (r#"a eq "\u00e4\ud83d\ude00\n\"\\\/""#, "a eq \"ä😀\\u000a\\\"\\\\/\""),
        ("a eq -1.5e3 and b eq null", "a eq -1.5e3 and b eq null"),
        ("not pr", "not pr"),
    ] {
        assert_eq!(shown(sent), understood);
    }
}

#[test]
fn what_is_no_filter_is_refused_where_it_goes_wrong() {
    for bad in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName xx \"a\"",
        "userName eq ann",
        "userName eq \"ann",
        "eq \"a\"",
        "(id pr",
        "id pr)",
        "id pr and",
        "and id pr",
        "id pr or or id pr",
        "not id pr",
        "emails[type eq \"w\"",
        "emails[]",
        "emails[type eq \"w\"].value eq \"a\"",
        "a.b.c pr",
        ".a pr",
        "a. pr",
        "1a pr",
        ":a pr",
        "a: pr",
        "a eq \"\\x\"",
        "a eq \"\\ud800\"",
        "a eq \"\\ud800\\u0041\"",
        "a eq \"\\u12\"",
        "a eq \"\\u+123\"",
        "a eq \"\n\"",
        "a eq 1a",
        "a eq nan",
        "a eq \"x\"y",
        "ä pr",
        "a\tpr",
        "a eq 'x'",
        "a eq \"x\" -- \"",
    ] {
        assert!(matches!(filter(bad), Err(NotAFilter::Syntax { .. })), "{bad:?}: {:?}", filter(bad));
    }
    assert_eq!(
        filter("userName xx 1").unwrap_err().to_string(),
        "the filter cannot be read after 9 bytes: expected an operator like `eq`"
    );
}

#[test]
fn an_attacker_reaches_neither_the_stack_nor_the_clock() {
    let nested = |depth: usize| format!("{}id pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(filter(&nested(DEEPEST)).is_ok());
    assert_eq!(filter(&nested(DEEPEST + 1)), Err(NotAFilter::TooDeep));
    assert_eq!(filter(&"(".repeat(LONGEST)), Err(NotAFilter::TooDeep));
    assert_eq!(filter(&"not(".repeat(LONGEST / 4)), Err(NotAFilter::TooDeep));
    assert_eq!(filter(&"a[".repeat(LONGEST / 2)), Err(NotAFilter::TooDeep));
    assert_eq!(filter(&" ".repeat(LONGEST + 1)), Err(NotAFilter::TooLong));
    assert_eq!("a".repeat(LONGEST + 1).parse::<Path>(), Err(NotAPath::Unfit(NotAFilter::TooLong)));
}

#[test]
fn a_path_leads_to_an_attribute_its_part_or_some_of_its_values() {
    for (sent, understood) in [
        ("members", "members"),
        ("name.familyName", "name.familyname"),
        (r#"addresses[type eq "work"]"#, r#"addresses[type eq "work"]"#),
        (r#"members[value eq "2819c223"].displayName"#, r#"members[value eq "2819c223"].displayname"#),
        (r#"emails[type EQ "work"].value"#, r#"emails[type eq "work"].value"#),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:department",
        ),
    ] {
        assert_eq!(sent.parse::<Path>().unwrap().to_string(), understood);
    }
    for bad in [
        "",
        "members[",
        "members[]",
        "members]",
        "a.b[c pr].d",
        "a[b pr].",
        "a[b pr]c",
        "members [b pr]",
        "a b",
    ] {
        assert!(bad.parse::<Path>().is_err(), "{bad:?}");
    }
    assert!(matches!("members[value]".parse::<Path>(), Err(NotAPath::Filter(_))));
    assert!(matches!("a b".parse::<Path>(), Err(NotAPath::Unfit(_))));
}

fn attributes() -> impl Strategy<Value = Attribute> {
    let name = "[a-z][a-z0-9_-]{0,8}";
    (proptest::option::of("urn:[a-z0-9.:]{0,10}[a-z0-9]"), name, proptest::option::of(name))
        .prop_map(|(schema, name, part)| Attribute { schema, name, part })
        .prop_filter("`not` begins a filter", |attribute| attribute.to_string() != "not")
}

fn filters() -> impl Strategy<Value = Filter> {
    let literal = prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Truth),
        any::<i32>().prop_map(|number| Literal::Number(number.to_string())),
        Just(Literal::Null),
    ];
    let operator = proptest::sample::select(Operator::ALL.to_vec());
    let leaf = prop_oneof![
        attributes().prop_map(Filter::Present),
        (attributes(), operator, literal).prop_map(|(attribute, operator, literal)| Filter::Compare {
            attribute,
            operator,
            literal
        }),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            // What is joined in the same way within is not the same filter, but says the same.
            proptest::collection::vec(inner.clone(), 2..3).prop_map(Filter::All),
            proptest::collection::vec(inner.clone(), 2..3).prop_map(Filter::Any),
            inner.clone().prop_map(|filter| Filter::Not(Box::new(filter))),
            (attributes(), inner)
                .prop_map(|(attribute, filter)| Filter::Within { attribute, filter: Box::new(filter) }),
        ]
    })
}

proptest! {
    #[test]
    fn what_a_filter_says_is_read_as_the_same_filter(filter in filters()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= LONGEST);
        prop_assert_eq!(text.parse::<Filter>(), Ok(filter.clone()));
        if let Filter::Within { attribute, .. } = &filter && attribute.part.is_none() {
            prop_assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = (text.parse::<Filter>(), text.parse::<Path>());
    }

    #[test]
    fn any_words_of_a_filter_are_read_or_refused_and_read_again(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "(", ")", "[", "]", "not", "and", "or", "pr", "eq", "co", "userName", "emails.value", "\"a\"", "\"\\u00e4\"",
            "true", "null", "1", ".", ":", " ", "\"",
        ]), 0..20),
        blank in proptest::sample::select(vec!["", " "]),
    ) {
        let text = words.join(blank);
        if let Ok(filter) = text.parse::<Filter>() {
            prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
        }
        if let Ok(path) = text.parse::<Path>() {
            prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
        }
    }
}
