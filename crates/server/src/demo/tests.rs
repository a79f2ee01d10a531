//! The demonstration keeps what it promises: every line that it prints is run by the shell.

use patgate_testkit::curl;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_printed_line_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(configuration(folder.path()).unwrap()).await.unwrap();
    let instructions = demo.instructions();
    let answers = tokio::task::spawn_blocking(move || {
        let lines = instructions.lines().map(str::trim).filter(|line| line.starts_with("curl "));
        lines.map(|line| (curl::line(line), line.to_owned())).collect::<Vec<_>>()
    });
    let answers = answers.await.unwrap();
    let statuses: Vec<_> = answers.iter().map(|(answer, _)| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 401, 200, 200, 201, 204, 401], "{answers:#?}");
    assert_eq!(answers[0].0.text(), "Hello admin, your token `demonstration` lets you GET /orders\n");
    assert_eq!(answers[2].0.text(), "Hello admin, your token `demonstration` lets you POST /orders\n");
    assert_eq!(answers[4].0.header("x-patgate-user"), Some("admin"));
    assert!(answers[8].0.text().contains("deleted"), "{}", answers[8].0.text());
    demo.stop().await;
}
