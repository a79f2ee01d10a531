//! `/deployit/control/**` and `/deployit/tasks/v2/**`: what can be done with a CI, as a task that is prepared, made,
//! started and looked at.

mod document;
mod make;
mod tasks;

use utoipa_axum::routes;

use super::alias::also;
use crate::api::endpoints::Endpoints;
pub(super) use crate::service::control::SEND_TEST_MAIL;

/// The routes of this folder.
pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(make::prepare_control))
        .routes(routes!(make::create_control))
        .routes(routes!(tasks::read_task, tasks::cancel_task))
        .routes(routes!(tasks::start_task))
        .routes(routes!(tasks::archive_task))
        .routes(also("/deployit/task/{id}", "v1", routes!(tasks::read_task, tasks::cancel_task)))
        .routes(also("/deployit/task/{id}/start", "v1", routes!(tasks::start_task)))
        .routes(also("/deployit/task/{id}/archive", "v1", routes!(tasks::archive_task)))
}
