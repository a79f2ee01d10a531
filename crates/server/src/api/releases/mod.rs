//! `/api/v1/templates/**`, `/api/v1/releases/**` and `/api/v1/tasks/**`: templates and releases in the shapes of Release's
//! clients.
//!
//! Fields that stand in the vendor's objects and mean nothing here are ignored in requests and left out of answers.

mod act;
mod alike;
mod body;
mod form;
mod place;
mod release;
mod search;
mod start;
mod task;
mod template;
mod variables;
mod whole;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(template::list_templates, template::create_template))
        .routes(routes!(template::read_template, template::update_template, template::delete_template))
        .routes(routes!(start::create_release))
        .routes(routes!(start::start_release_of_template))
        .routes(routes!(variables::read_template_variables))
        .routes(routes!(release::list_releases))
        .routes(routes!(search::find_releases_by_title))
        .routes(routes!(search::search_releases))
        .routes(routes!(search::search_releases_overview))
        .routes(routes!(search::search_all_releases))
        .routes(routes!(search::count_releases))
        .routes(routes!(release::read_release, release::update_release, release::delete_release))
        .routes(routes!(act::start_release))
        .routes(routes!(act::abort_release))
        .routes(routes!(act::restart_release))
        .routes(routes!(task::read_active_tasks))
        .routes(routes!(variables::read_release_variables))
        .routes(routes!(variables::read_variable_values))
        .routes(routes!(task::read_release_task))
        .routes(routes!(task::complete_task))
        .routes(routes!(task::retry_task))
        .routes(routes!(task::read_task_log))
}
