//! `cargo xtask bench scim`: how soon a token is refused whose owner is disabled over SCIM.

use std::fs;

use serde_json::{Value, json};

use super::administrator::Administrator;
use super::program::Data;
use super::serving::{Serving, now, seconds_since};
use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::step;

/// Other people's tokens of a whole run.
const TOKENS: usize = 100_000;
/// People who are disabled, one after the other.
const PEOPLE: usize = 50;
/// Tokens of each.
const EACH: usize = 3;
/// The most milliseconds from the call of the provider to the refusal that are wanted, in the middle of all people.
const TARGET_MILLISECONDS: f64 = 50.0;

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The provider; nobody asks it anything.
const CONFIGURATION: &str =
    "[[oidc]]\nname = 'company'\nissuer = 'http://localhost:9'\nclient_id = 'patgate'\nscim_user = 'robot'\n";

/// What `cargo xtask bench scim` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many tokens others have; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = TOKENS)]
    tokens: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Somebody of the provider.
struct Person {
    path: String,
    tokens: Vec<String>,
}

/// What it took to disable one of them, in milliseconds.
struct Taken {
    /// Until the provider's call was answered.
    answered: f64,
    /// Until the first request with a token was refused, the call included.
    refused: f64,
}

/// Provisions people over SCIM, gives them tokens, and disables one after the other.
///
/// # Errors
/// When something does not build, or a token passes after the answer.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let file = data.path().join("patgate.toml");
    fs::write(&file, CONFIGURATION).map_err(Failure::file(&file))?;
    let serving = step("the first start of all", || data.serve(None))?;
    let made = step("people of the provider", || provision(&data, &serving));
    serving.stop();
    let (robot, paths) = made?;
    step("their tokens", || data.make_tokens(arguments.tokens))?;
    let mut people = Vec::new();
    for (number, path) in paths.into_iter().enumerate() {
        let token = |each| data.make_token(&format!("person-{number}"), &format!("bench {each}"));
        people.push(Person { path, tokens: (0..EACH).map(token).collect::<Result<_, _>>()? });
    }
    let serving = data.serve(None)?;
    let taken = step("disable them", || {
        people.iter().map(|person| disable(&serving, &robot, person)).collect::<Result<Vec<_>, _>>()
    })?;
    serving.stop();
    let text = report(arguments.tokens, &taken);
    println!("\n{text}");
    if arguments.tokens == TOKENS {
        page::write("scim", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// Makes the client of the provider, and its people with it. Returns its token, and where each of them is.
fn provision(data: &Data, serving: &Serving) -> Result<(String, Vec<String>), Failure> {
    let administrator = Administrator::of(data, serving)?;
    let robot = json!({ "fullName": "Robot", "password": "correct horse battery" });
    administrator.post("/api/v1/users/robot", &robot)?;
    let role = json!({ "name": "robots", "permissions": ["scim#provision"], "principals": [{ "username": "robot" }] });
    administrator.post("/api/v1/roles/robots", &role)?;
    let robot = data.make_token("robot", "provisioning")?;
    let person = |number: usize| {
        let body = json!({
            "schemas": [USER_SCHEMA], "userName": format!("person-{number}"), "externalId": format!("key-{number}"),
            "displayName": format!("Person {number}"), "active": true,
        });
        let made = scim(serving, ("POST", "/scim/v2/Users"), &robot, &body, 201)?;
        let body = made.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let id =
            serde_json::from_str::<Value>(body).ok().and_then(|made| Some(made["id"].as_str()?.to_owned()));
        let id = id.ok_or_else(|| Failure::Found(format!("no user was made: {made}")))?;
        Ok(format!("/scim/v2/Users/{id}"))
    };
    let paths = (0..PEOPLE).map(person).collect::<Result<_, Failure>>()?;
    Ok((robot, paths))
}

/// Disables somebody whose tokens pass, and shows each token at once.
fn disable(serving: &Serving, robot: &str, person: &Person) -> Result<Taken, Failure> {
    for token in &person.tokens {
        let before = serving.ask("/auth", token)?;
        if !before.is_good() {
            return Err(Failure::Found(format!("a token does not pass: {}", before.text)));
        }
    }
    let body = json!({
        "schemas": [PATCH_SCHEMA], "Operations": [{ "op": "replace", "path": "active", "value": false }],
    });
    let start = now();
    scim(serving, ("PATCH", person.path.as_str()), robot, &body, 200)?;
    let answered = seconds_since(start) * 1e3;
    let mut refused = None;
    for token in &person.tokens {
        let after = serving.ask("/auth", token)?;
        refused.get_or_insert_with(|| seconds_since(start) * 1e3);
        if after.status != 401 {
            return Err(Failure::Found(format!("a token of somebody disabled passes: {}", after.text)));
        }
    }
    Ok(Taken { answered, refused: refused.unwrap_or(f64::NAN) })
}

/// A call of the provider that is answered with this status; its answer.
fn scim(
    serving: &Serving,
    call: (&str, &str),
    robot: &str,
    body: &Value,
    status: u16,
) -> Result<String, Failure> {
    let answer = serving.send(call, robot, ("application/scim+json", &body.to_string()))?;
    if answer.status == status {
        Ok(answer.text)
    } else {
        Err(Failure::Found(format!("{} {}: {}", call.0, call.1, answer.text)))
    }
}

fn report(tokens: usize, taken: &[Taken]) -> String {
    let worst = |of: &dyn Fn(&Taken) -> f64| taken.iter().map(of).fold(0.0, f64::max);
    let refused = median(taken.iter().map(|taken| taken.refused));
    format!(
        "{} people of a provider with {EACH} tokens each, beside {tokens} tokens of others, on SQLite; each call on a \
         connection of its own. `PATCH` sets `active` to `false`; as soon as it is answered, each token of theirs is shown to \
         `/auth`. Of {} requests after the answer, 0 passed.\n\n\
         | milliseconds from the provider's call | in the middle | at worst |\n| --- | ---: | ---: |\n\
         | until it is answered | {} | {} |\n| until the first request with a token is refused | {} | {} |\n\n{}.\n",
        taken.len(),
        taken.len() * EACH,
        figure(median(taken.iter().map(|taken| taken.answered))),
        figure(worst(&|taken| taken.answered)),
        figure(refused),
        figure(worst(&|taken| taken.refused)),
        verdict("from the provider's call to the refusal", refused, TARGET_MILLISECONDS, "ms"),
    )
}
