//! Secrets in what scripts print.

use patgate_server::script::{CallRefused, Limits};
use serde_json::json;

use super::{answer, reason, run_with, script, small, workers};

const TOKEN: &str = "rpa_2Wq~8 hJ/x+y\"z";

#[tokio::test]
async fn a_script_that_prints_its_token_prints_stars() {
    let workers = workers(Limits::default());
    let text = "
token = releaseVariables['token']
print('plain ' + token)
print(repr(token), [token])
print(json.encode({'token': token}))
print('split', token[:4] + token[4:])
print(*[token, token])
hexadecimal = ''.join(['0123456789ABCDEF'[ord(c) // 16] + '0123456789ABCDEF'[ord(c) % 16] for c in token.elems()])
print(hexadecimal)
print(''.join(['%' + hexadecimal[i:i + 2] for i in range(0, len(hexadecimal), 2)]))
alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
def base64(text):
    bits = [ord(c) // (1 << (7 - i)) % 2 for c in text.elems() for i in range(8)]
    bits += [0] * (-len(bits) % 6)
    return ''.join([alphabet[sum6(bits[i:i + 6])] for i in range(0, len(bits), 6)])
def sum6(bits):
    n = 0
    for bit in bits:
        n = n * 2 + bit
    return n
for before in ['', 'a', 'ab', 'user:']:
    print('base64', base64(before + token))
";
    let script_of = script(text, json!({ "token": TOKEN }), &[TOKEN]);
    let (outcome, lines) = run_with(&workers, script_of, |_| Err(CallRefused::new("no"))).await;
    super::variables(outcome);
    assert_eq!(lines.len(), 11, "{lines:#?}");
    for line in &lines {
        assert!(line.contains("******"), "{line}");
        assert!(!line.contains("8 hJ") && !line.contains("rpa"), "{line}");
    }
    assert_eq!(lines[0], "plain ******");
}

#[tokio::test]
async fn a_password_of_more_than_ascii_is_hidden_wherever_starlark_escapes_it() {
    let workers = workers(Limits::default());
    let text = "
password = releaseVariables['pw']
print(password, releaseVariables)
print([password], repr(password))
print('%r' % password, {password: 1})
print(json.encode(password))
fail([password])
";
    let password = "pässwörd\u{a0}1";
    let script_of = script(text, json!({ "pw": password }), &[password]);
    let (outcome, lines) = run_with(&workers, script_of, |_| Err(CallRefused::new("no"))).await;
    let expected =
        [r#"****** {"pw": "******"}"#, r#"["******"] "******""#, r#""******" {"******": 1}"#, r#""******""#];
    assert_eq!(lines, expected);
    let said = reason(outcome).to_string();
    assert!(said.contains("******") && !said.contains("ssw"), "{said}");
}

#[tokio::test]
async fn a_token_that_a_script_has_made_is_hidden_too() {
    let workers = workers(Limits::default());
    let text = "
token = api.post('/api/v1/personal-access-tokens', {'tokenName': 'new'}).json['token']
print('made ' + token)
print(json.encode({'token': token}), token.replace('_', '%5F'))
fail(token)
";
    let made = "pat_U7C10Qhh00HEaqaBxfz4OMOiPc72lMuWV";
    let (outcome, lines) = run_with(&workers, script(text, json!({}), &[]), |_| {
        Ok(answer(200, &json!({ "token": made }).to_string()))
    })
    .await;
    assert_eq!(lines, ["made ******", r#"{"token":"******"} ******"#]);
    let said = reason(outcome).to_string();
    assert!(said.contains("******") && !said.contains(&made[4..]), "{said}");
}

#[tokio::test]
async fn a_failure_names_no_secret() {
    let workers = workers(Limits::default());
    for text in [
        "fail(releaseVariables['token'])",
        "fail(json.encode(releaseVariables['token']))",
        "x = {}[releaseVariables['token']]",
        "api.get('/' + releaseVariables['token'].replace(' ', ''))",
        "int(releaseVariables['token'])",
    ] {
        let token = TOKEN.replace(' ', "");
        let script_of = script(text, json!({ "token": token }), &[&token]);
        let (outcome, _) =
            run_with(&workers, script_of, |_| Err(CallRefused::new(format!("{token} is no token")))).await;
        let said = reason(outcome).to_string();
        assert!(!said.contains("8hJ") && said.contains("******"), "{text}: {said}");
    }
}

#[tokio::test]
async fn no_half_of_a_secret_stands_where_a_long_failure_is_cut() {
    let workers = workers(Limits::default());
    let secret = "a secret of some more letters";
    for before in [3_970, 3_980, 3_990] {
        let text = format!("fail('x' * {before} + releaseVariables['s'] + 'y' * 10000)");
        let script_of = script(&text, json!({ "s": secret }), &[secret]);
        let (outcome, _) = run_with(&workers, script_of, |_| Err(CallRefused::new("no"))).await;
        let said = reason(outcome).to_string();
        assert!(said.contains("xx*") && !said.contains("a secret"), "{before}: {said}");
        assert!(said.ends_with('…') && said.chars().count() < 4_100, "{before}: {said}");
    }
}

#[tokio::test]
async fn a_secret_of_several_lines_is_hidden_as_a_whole() {
    let workers = workers(Limits::default());
    let script_of = script(
        "print('a ' + releaseVariables['s'] + ' b')\nprint('c\\nd')",
        json!({ "s": "one\ntwo" }),
        &["one\ntwo"],
    );
    let (_, lines) = run_with(&workers, script_of, |_| Err(CallRefused::new("no"))).await;
    assert_eq!(lines, ["a ****** b", "c", "d"]);
}

#[tokio::test]
async fn more_passwords_than_anybody_has_do_not_keep_the_server_looking_for_them() {
    let workers = workers(small());
    let secrets: Vec<_> = (0..40).map(|number| format!("{}{number}", "a".repeat(20))).collect();
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    let text = "print('short', 'a' * 20 + '7')\nprint('b' * 4000)\nprint('c')";
    let (outcome, lines) =
        run_with(&workers, script(text, json!({}), &secrets), |_| Err(CallRefused::new("no"))).await;
    super::variables(outcome);
    let not_shown = "(what follows is not shown: there are too many passwords to look for in so much text)";
    assert_eq!(lines, ["short ******", not_shown]);
    // As many as somebody may have change nothing.
    let few = &secrets[..32];
    let (_, lines) = run_with(&workers, script(text, json!({}), few), |_| Err(CallRefused::new("no"))).await;
    assert_eq!(lines.len(), 3);
}
