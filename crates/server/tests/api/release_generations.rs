//! Releases that scripts start: how many, one behind the other. What a script calls is a request without a connection, and is
//! made so here.

use http_body_util::BodyExt;
use patgate_core::release::{ReleaseId, RunAs};
use patgate_server::caller::{Behalf, ScriptCall};
use serde_json::{Value, json};

use crate::common::{Answer, Call, PASSWORD, World, get, post};

const MAKES: [&str; 4] = ["template#create", "release#create", "release#view", "login"];

/// Ann's server, with a template of hers, and her as the user for automated tasks.
struct Ground {
    world: World,
    template: String,
    behalf: Behalf,
}

impl Ground {
    async fn new() -> Self {
        let world = World::new().await;
        let ann = world.user("ann", &MAKES).await;
        let version = world.state.store.password(&"ann".parse().unwrap()).await.unwrap().unwrap().version;
        let run_as = RunAs::Password { user: ann.id, version, entered_by: ann.id };
        let behalf = Behalf::of(&world.state, &run_as).await.unwrap();
        let template = json!({
            "title": "Again",
            "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        });
        let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
        assert_eq!(made.status(), 200, "{}", made.text());
        let template = format!("/api/v1/templates/{}", made.json()["id"].as_str().unwrap());
        Self { world, template, behalf }
    }

    async fn as_ann(&self, call: Call) -> Answer {
        self.world.send(call.basic("ann", PASSWORD)).await
    }

    /// Makes a call as a script of a release of this generation makes it.
    async fn as_script(&self, generation: u32, call: Call) -> Answer {
        let mut request = call.into_request();
        request.extensions_mut().insert(ScriptCall { behalf: self.behalf.clone(), generation });
        let (parts, body) = self.world.stream(request).await.into_parts();
        Answer::new(parts, body.collect().await.unwrap().to_bytes())
    }

    /// Makes a release of the template, or starts one as well.
    fn make(&self, how: &str) -> Call {
        post(format!("{}/{how}", self.template)).json(&json!({}))
    }

    /// Of which generation the release is that was answered with.
    async fn generation(&self, answer: &Answer) -> u32 {
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let id = ReleaseId::of_place(answer.json()["id"].as_str().unwrap()).unwrap();
        self.world.state.store.release(&id).await.unwrap().unwrap().release.generation
    }

    async fn count(&self) -> Value {
        let counts = self.as_ann(post("/api/v1/releases/count").json(&json!({}))).await.json();
        counts["all"]["total"].clone()
    }
}

#[tokio::test]
async fn a_template_whose_script_starts_it_comes_to_an_end() {
    let ground = Ground::new().await;
    let mut generation = ground.generation(&ground.as_ann(ground.make("start")).await).await;
    assert_eq!(generation, 0, "a person's");
    let refused = loop {
        let answer = ground.as_script(generation, ground.make("start")).await;
        if answer.status() != 200 {
            break answer;
        }
        assert_eq!(ground.generation(&answer).await, generation + 1);
        generation += 1;
        assert!(generation <= 20, "it goes on");
    };
    assert_eq!((refused.status(), generation), (409, 20));
    assert!(refused.text().contains("20 deep"), "{}", refused.text());
    let create = ground.as_script(generation, ground.make("create")).await;
    assert_eq!((create.status(), ground.count().await), (409, json!(21)), "{}", create.text());
    assert_eq!(ground.generation(&ground.as_ann(ground.make("start")).await).await, 0, "she goes on");
}

#[tokio::test]
async fn a_release_that_a_person_made_and_a_script_starts_is_the_scripts() {
    let ground = Ground::new().await;
    let planned = async || {
        let made = ground.as_ann(ground.make("create")).await.json();
        format!("/api/v1/releases/{}", made["id"].as_str().unwrap())
    };
    for (of_script, expected) in [(0, 1), (4, 5), (19, 20)] {
        let started = ground.as_script(of_script, post(format!("{}/start", planned().await))).await;
        assert_eq!(ground.generation(&started).await, expected);
    }
    let path = planned().await;
    let refused = ground.as_script(20, post(format!("{path}/start"))).await;
    assert_eq!(refused.status(), 409, "{}", refused.text());
    let started = ground.as_ann(post(format!("{path}/start"))).await;
    assert_eq!(ground.generation(&started).await, 0, "it waited for her");
    // One that a script made is no younger because another script, or a person, starts it.
    for by_script in [true, false] {
        let made = ground.as_script(6, ground.make("create")).await;
        let path = format!("/api/v1/releases/{}", made.json()["id"].as_str().unwrap());
        let start = post(format!("{path}/start"));
        let started = if by_script { ground.as_script(0, start).await } else { ground.as_ann(start).await };
        assert_eq!(ground.generation(&started).await, 7);
        let read = ground.as_ann(get(path)).await;
        assert_eq!(read.json()["status"], json!("IN_PROGRESS"), "{}", read.text());
    }
}
