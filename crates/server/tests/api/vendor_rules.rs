//! What every client of Release and Deploy relies on: credentials in all their forms, scopes, and tokens that end. The
//! numbers are those of `docs/reference/compatibility.md`.

use patgate_core::application::ApplicationSlot;
use patgate_server::caller::surface;
use serde_json::{Value, json};

use crate::common::{Call, IssuedToken, NewGrant, PASSWORD, Person, World, delete, get, patch, post, put};

const RELEASES: &str = "/api/v1/releases";
const DEPLOY_TOKENS: &str = "/deployit/tokens/users";
const DEPLOY: &str = "/api/v1/deployit";
const TOKENS: &str = "/api/v1/personal-access-tokens";

/// The paths on which the vendors' pages try tokens out.
const TRIED: [&str; 3] = [RELEASES, DEPLOY_TOKENS, DEPLOY];

async fn world_of_ann() -> (World, Person) {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view", "config#view"]).await;
    (world, ann)
}

/// The header of the product that a path belongs to.
fn with(path: &str, token: &str) -> Call {
    let is_deploy =
        surface::of_path(path) == patgate_core::verify::Surface::Application(ApplicationSlot::DEPLOY);
    let header = if is_deploy { "x-deploy-personal-token" } else { "x-release-personal-token" };
    get(path).header(header, token)
}

async fn for_any(world: &World, owner: &Person, expires_at: Option<&str>) -> IssuedToken {
    world.token(owner, NewGrant { application: "any", expires_at, ..NewGrant::default() }).await
}

#[tokio::test]
async fn behaviour_01_02_03_04_a_token_passes_as_basic_and_in_its_header_and_acts_as_its_owner() {
    let (world, ann) = world_of_ann().await;
    for (path, application) in [(RELEASES, "release"), (DEPLOY_TOKENS, "deploy"), (DEPLOY, "deploy")] {
        let token = world.token(&ann, NewGrant { application, ..NewGrant::default() }).await;
        for call in [with(path, &token.text), get(path).basic("", &token.text)] {
            let answer = world.send(call).await;
            assert_eq!((answer.status(), answer.header("content-type")), (200, "application/json"), "{path}");
        }
    }
    let own = for_any(&world, &ann, None).await;
    assert_eq!(world.send(get("/profile").basic("", &own.text)).await.json()["username"], "ann");
}

#[tokio::test]
async fn behaviour_05_an_internal_users_password_works_on_every_path() {
    let (world, _) = world_of_ann().await;
    for path in
        TRIED.into_iter().chain(["/profile", "/deployit/server/info", "/api/v1/config/byTypeAndTitle"])
    {
        assert_eq!(world.send(get(path).basic("ann", PASSWORD)).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn behaviour_06_an_unknown_deleted_or_expired_token_is_401_in_every_form() {
    let (world, ann) = world_of_ann().await;
    let deleted = for_any(&world, &ann, None).await;
    world.delete_token(&deleted).await;
    let expired = for_any(&world, &ann, Some("2026-05-03T12:00:00Z")).await;
    for token in [&world.never_stored(), &deleted, &expired] {
        for path in TRIED {
            for call in [with(path, &token.text), get(path).basic("", &token.text)] {
                assert_eq!(world.send(call).await.status(), 401, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn behaviour_07_without_credentials_a_call_is_401_and_leads_to_no_page() {
    let (world, _) = world_of_ann().await;
    for path in
        TRIED.into_iter().chain(["/profile", "/server/info", "/deployit/repository/ci/Configuration/x"])
    {
        for call in [get(path), get(path).header("accept", "text/html")] {
            let answer = world.send(call).await;
            assert_eq!((answer.status(), answer.header("location")), (401, ""), "{path}");
            assert!(!answer.text().contains("<html"), "{path}");
        }
    }
}

#[tokio::test]
async fn behaviour_09_blanks_around_a_token_and_the_case_of_its_header_do_not_count() {
    let (world, ann) = world_of_ann().await;
    let token = for_any(&world, &ann, None).await;
    for (path, name) in [
        (RELEASES, "x-release-personal-token"),
        (DEPLOY_TOKENS, "x-deploy-personal-token"),
        (DEPLOY, "x-deploy-personal-token"),
    ] {
        for name in [name.to_owned(), name.to_uppercase(), name.replace("personal", "Personal")] {
            let call = get(path).header(&name, &format!(" \t{}  ", token.text));
            assert_eq!(world.send(call).await.status(), 200, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn behaviour_10_11_the_first_request_may_change_something_without_a_challenge_or_a_csrf_token() {
    let (world, ann) = world_of_ann().await;
    for call in [
        post(TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "by password"})),
        post(DEPLOY_TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "for Deploy"})),
    ] {
        assert_eq!(world.send(call).await.status(), 201);
    }
    let token = for_any(&world, &ann, None).await;
    let others = for_any(&world, &ann, None).await;
    let gone = delete(format!("{TOKENS}/{}", others.id)).basic("", &token.text);
    assert_eq!(world.send(gone).await.status(), 204);
}

#[tokio::test]
async fn behaviour_12_a_token_passes_with_its_owners_name_and_with_no_other() {
    let (world, ann) = world_of_ann().await;
    world.user("bob", &["admin"]).await;
    let token = for_any(&world, &ann, None).await;
    for path in TRIED {
        assert_eq!(world.send(get(path).basic("Ann", &token.text)).await.status(), 200, "{path}");
        assert_eq!(world.send(get(path).basic("bob", &token.text)).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn behaviour_13_a_wrong_token_header_is_not_saved_by_a_right_password() {
    let (world, ann) = world_of_ann().await;
    let token = for_any(&world, &ann, None).await;
    for path in TRIED {
        assert_eq!(world.send(with(path, "rpa_wrong").basic("ann", PASSWORD)).await.status(), 401, "{path}");
        // The header decides, whatever else is there.
        assert_eq!(world.send(with(path, &token.text).basic("ann", "wrong")).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn behaviour_15_a_deleted_token_is_refused_in_the_next_request() {
    let (world, ann) = world_of_ann().await;
    let token = world.token(&ann, NewGrant { application: "deploy", ..NewGrant::default() }).await;
    assert_eq!(world.send(with(DEPLOY_TOKENS, &token.text)).await.status(), 200);
    let path = format!("{DEPLOY_TOKENS}/{}", token.id);
    assert_eq!(world.send(delete(path).basic("ann", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(with(DEPLOY_TOKENS, &token.text)).await.status(), 401);
}

#[tokio::test]
async fn behaviour_19_the_clear_token_is_in_the_answer_that_made_it_and_in_no_other() {
    let (world, _) = world_of_ann().await;
    let made = world.send(post(TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "n"}))).await.json();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    for path in
        [TOKENS.to_owned(), format!("{TOKENS}/{id}"), DEPLOY_TOKENS.to_owned(), format!("{TOKENS}/current")]
    {
        let answer = world.send(get(&path).basic("ann", PASSWORD)).await;
        assert!(!answer.text().contains(&token[4..]), "{path}");
    }
}

#[tokio::test]
async fn behaviour_23_by_default_a_token_may_last_for_ever() {
    let (world, _) = world_of_ann().await;
    world.user("root", &["admin"]).await;
    let settings = world.send(get("/api/v1/settings/personal-access-tokens").basic("root", PASSWORD)).await;
    assert_eq!(settings.json()["maximumLifetimeDays"], Value::Null);
    let made = world.send(post(TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "n"}))).await.json();
    assert_eq!(made["expiresAt"], Value::Null);
}

#[tokio::test]
async fn behaviour_24_a_list_of_permissions_opens_what_it_names_and_no_list_opens_all() {
    let (world, ann) = world_of_ann().await;
    let config = "/api/v1/config/byTypeAndTitle";
    let repository = "/deployit/repository/query";
    for (permissions, [releases, configurations]) in [
        (None, [200, 200]),
        (Some(&["release#view"][..]), [200, 403]),
        (Some(&["config#view"][..]), [403, 200]),
        (Some(&[][..]), [403, 403]),
    ] {
        let token =
            world.token(&ann, NewGrant { application: "any", permissions, ..NewGrant::default() }).await;
        assert_eq!(world.send(get(RELEASES).token(&token)).await.status(), releases, "{permissions:?}");
        assert_eq!(world.send(get(config).token(&token)).await.status(), configurations, "{permissions:?}");
        assert_eq!(
            world.send(get(repository).basic("", &token.text)).await.status(),
            configurations,
            "{permissions:?}"
        );
    }
}

#[tokio::test]
async fn behaviour_25_what_a_role_no_longer_gives_its_tokens_no_longer_have() {
    let (world, ann) = world_of_ann().await;
    world.user("root", &["admin"]).await;
    let token = for_any(&world, &ann, None).await;
    assert_eq!(world.send(get(RELEASES).token(&token)).await.status(), 200);
    let role = json!({"name": "ann's role", "permissions": ["login"]});
    let changed = world.send(put("/api/v1/roles/ann's%20role").basic("root", PASSWORD).json(&role)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert_eq!(world.send(get(RELEASES).token(&token)).await.status(), 403);
}

#[tokio::test]
async fn behaviour_26_every_global_permission_that_is_listed_can_be_given_to_a_token() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let listed = world.send(get("/api/v1/global-permissions").basic("root", PASSWORD)).await.json();
    assert!(listed.as_array().unwrap().contains(&json!("runner#registration")));
    let body = json!({"tokenNote": "all of them", "globalPermissions": listed});
    let made = world.send(post(TOKENS).basic("root", PASSWORD).json(&body)).await;
    assert_eq!(made.status(), 201, "{}", made.text());
    assert_eq!(made.json()["globalPermissions"].as_array().unwrap().len(), listed.as_array().unwrap().len());
}

#[tokio::test]
async fn behaviour_28_the_instance_says_what_it_is_in_texts() {
    let (world, ann) = world_of_ann().await;
    let token = world.token(&ann, NewGrant { permissions: Some(&[]), ..NewGrant::default() }).await;
    let answer = world.send(get("/api/v1/settings/instance-information").token(&token)).await.json();
    for field in ["product", "edition", "version"] {
        assert!(answer[field].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn behaviour_29_ids_of_templates_releases_and_tasks_are_taken_with_slashes_and_percent_signs() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let send = async |call: Call| {
        let answer = world.send(call.basic("root", PASSWORD)).await;
        assert!(answer.status() < 300, "{}", answer.text());
        answer
    };
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Wait" });
    let template = json!({ "title": "Ship it", "phases": [{ "title": "Test", "tasks": [gate] }] });
    let forms = |id: &str| [id.to_owned(), id.replace('/', "%2F"), id.replace('/', "%2f")];
    let same = async |path: &str, id: &str, verb: &str| {
        let mut bodies = Vec::new();
        for id in forms(id) {
            bodies.push(send(get(format!("{path}/{id}{verb}"))).await.text().to_owned());
        }
        assert!(
            !bodies[0].is_empty() && bodies.iter().all(|body| *body == bodies[0]),
            "{path} {verb}: {bodies:?}"
        );
    };
    let templates = "/api/v1/templates";
    for way in 0..3 {
        let made = send(post(templates).json(&template)).await.json();
        let id = made["id"].as_str().unwrap();
        assert!(id.contains('/'), "{id}");
        same(templates, id, "").await;
        same(templates, id, "/variables").await;
        let written = &forms(id)[way];
        assert_eq!(send(put(format!("{templates}/{written}")).json(&made)).await.json()["id"], *id);
        let new = json!({ "releaseTitle": "Ship 1.2" });
        let planned = send(post(format!("{templates}/{written}/create")).json(&new)).await.json();
        let started = send(post(format!("{templates}/{written}/start")).json(&new)).await.json();
        let (planned, started) = (planned["id"].as_str().unwrap(), started["id"].as_str().unwrap());
        for verb in ["", "/variables", "/variableValues", "/active-tasks"] {
            same(RELEASES, started, verb).await;
        }
        let active = send(get(format!("{RELEASES}/{started}/active-tasks"))).await.json();
        let task = active[0]["id"].as_str().unwrap();
        for verb in ["", "/log"] {
            same("/api/v1/tasks", task, verb).await;
        }
        send(post(format!("{RELEASES}/{}/start", forms(planned)[way])).json(&json!({}))).await;
        send(post(format!("/api/v1/tasks/{}/complete", forms(task)[way])).json(&json!({}))).await;
        send(post(format!("{RELEASES}/{}/abort", forms(planned)[way])).json(&json!({}))).await;
        for release in [planned, started] {
            let gone = send(delete(format!("{RELEASES}/{}", forms(release)[way]))).await;
            assert_eq!(gone.status(), 204);
        }
        send(delete(format!("{templates}/{written}"))).await;
        assert_eq!(world.send(get(format!("{templates}/{id}")).basic("root", PASSWORD)).await.status(), 404);
    }
}

#[tokio::test]
async fn behaviour_30_a_boolean_of_a_query_is_read_in_any_case() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (yes, no) in [("True", "False"), ("true", "false"), ("TRUE", "FALSE")] {
        let path = format!("/api/v1/users?loginAllowed={yes}&external={no}");
        let listed = world.send(get(path).basic("root", PASSWORD)).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1);
    }
    let wrong = world.send(get("/api/v1/users?external=ja").basic("root", PASSWORD)).await;
    assert_eq!(wrong.status(), 400);
    // What cannot be done to a path is told, not guessed.
    assert_eq!(world.send(patch("/api/v1/users").basic("root", PASSWORD)).await.status(), 405);
}

/// What the guides say is not there.
#[tokio::test]
async fn what_is_not_there_is_told_in_the_form_that_each_client_reads() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (path, status) in [
        ("/api/v1/folders/list", 404),
        ("/api/v1/folders/Applications/Folder1", 404),
        ("/api/v1/triggers", 404),
        ("/api/v1/workflows/search", 404),
        ("/api/v1/reports", 404),
        ("/api/v1/dashboards", 404),
        ("/api/v1/categories", 404),
        ("/api/v1/deliveries", 404),
        ("/api/v1/environments", 404),
        ("/api/v1/applications", 404),
        ("/api/v1/risks/config", 404),
        ("/api/v1/phases/Applications/Release1/Phase1", 404),
        ("/api/v1/releases/archived/Applications/Release1", 404),
        ("/api/v1/releases/attachments/Attachment1", 404),
        ("/api/v1/config/Configuration/variables/global", 404),
        ("/api/v1/config/system-message", 404),
        ("/api/v1/templates/zip/Applications/Release1", 404),
        ("/api/v1/templates/logo/Applications/Release1", 404),
        ("/deployit/deployment/prepare/initial", 404),
        ("/deployit/package/import", 404),
        ("/deployit/inspection/prepare", 404),
        ("/deployit/export/deploymentpackage", 404),
        ("/deployit/report/tasks", 404),
        ("/deployit/security/role", 404),
        ("/deployit/security/permission", 404),
        ("/deployit/server/license", 404),
        ("/deployit/server/maintenance/start", 404),
        ("/deployit/repository/ci/Environments/Production", 404),
        ("/deployit/metadata/type/udm.Environment", 404),
    ] {
        let answer = world.send(get(path).basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.text());
        let kind = if path.starts_with("/deployit") {
            "text/plain; charset=utf-8"
        } else {
            "application/problem+json"
        };
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert!(!answer.text().is_empty(), "{path}");
    }
    for (call, allow) in [
        (delete("/api/v1/releases"), "GET"),
        (put("/api/v1/global-permissions"), "GET"),
        (delete("/deployit/server/info"), "GET"),
    ] {
        let answer = world.send(call.basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), 405);
        assert!(answer.header("allow").contains(allow), "{}", answer.header("allow"));
    }
    for (path, status) in [
        ("/api/v1/templates/import", 405),
        ("/api/v1/templates/Applications/Release1/copy", 405),
        ("/api/v1/templates/Applications%2FRelease1/copy", 405),
        ("/api/v1/templates/Release1/copy", 404),
        ("/api/v1/releases/Applications/Release1/resume", 405),
        ("/api/v1/releases/Applications%2FRelease1/resume", 405),
        ("/api/v1/releases/Release1/resume", 404),
    ] {
        let answer = world.send(post(path).basic("root", PASSWORD).json(&json!({}))).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.text());
    }
    for path in
        ["/deployit/repository/query?parent=Environments", "/deployit/repository/query?type=udm.Environment"]
    {
        let answer = world.send(get(path).basic("root", PASSWORD).header("accept", "application/json")).await;
        assert_eq!((answer.status(), answer.json()), (200, json!([])), "{path}");
    }
}
