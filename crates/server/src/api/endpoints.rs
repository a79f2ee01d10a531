//! The endpoints of the API, gathered: for answering them, or for describing them.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::AppState;

/// What the folders of the API add their endpoints to.
pub enum Endpoints {
    /// Answers them. The description of an endpoint is dropped before the next one's is made: all of them at once take
    /// 14 MB, and what is kept of the routes would lie scattered in them for as long as the server runs.
    Answered(Router<AppState>),
    /// Describes them.
    Described(Box<OpenApiRouter<AppState>>),
}

impl Endpoints {
    /// None yet, to be answered.
    #[must_use]
    pub fn to_answer() -> Self {
        Self::Answered(Router::new())
    }

    /// None yet, to be described in this document.
    #[must_use]
    pub fn to_describe(root: OpenApi) -> Self {
        Self::Described(Box::new(OpenApiRouter::with_openapi(root)))
    }

    /// And these endpoints of one path.
    #[must_use]
    pub fn routes(self, endpoints: UtoipaMethodRouter<AppState>) -> Self {
        match self {
            Self::Described(router) => Self::Described(Box::new(router.routes(endpoints))),
            Self::Answered(router) => {
                let (schemas, paths, methods) = endpoints;
                drop(schemas);
                let paths = paths.paths.into_keys();
                Self::Answered(paths.fold(router, |router, path| router.route(&path, methods.clone())))
            }
        }
    }

    /// What answers them.
    pub fn into_router(self) -> Router<AppState> {
        match self {
            Self::Answered(router) => router,
            Self::Described(router) => Router::from(*router),
        }
    }

    /// The document; an empty one where they were gathered to be answered.
    #[must_use]
    pub fn into_document(self) -> OpenApi {
        match self {
            Self::Answered(_) => OpenApi::default(),
            Self::Described(router) => router.into_openapi(),
        }
    }
}
