//! A configuration: which backend answers for which paths.

use std::fs;
use std::path::Path;

use thiserror::Error;

/// Why there is no configuration, or no new one.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("line {0}: a route is a path and a backend, not {1:?}")]
    NoRoute(usize, String),
    #[error("line {0}: a path begins with a slash, and {1:?} does not")]
    NoPath(usize, String),
    #[error("line {0}: {1} has a backend already")]
    Twice(usize, String),
    #[error("it has no route at all")]
    Empty,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) path: String,
    pub(crate) backend: String,
}

impl Config {
    /// One route a line, `PATH BACKEND`; what follows a `#` is for people.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut routes: Vec<Route> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.split('#').next().unwrap_or_default().trim();
            match text.split_whitespace().collect::<Vec<_>>()[..] {
                [] => {}
                [path, _] if !path.starts_with('/') => {
                    return Err(ConfigError::NoPath(line, path.to_owned()));
                }
                [path, _] if routes.iter().any(|route| route.path == path) => {
                    return Err(ConfigError::Twice(line, path.to_owned()));
                }
                [path, backend] => {
                    routes.push(Route { path: path.to_owned(), backend: backend.to_owned() });
                }
                _ => return Err(ConfigError::NoRoute(line, text.to_owned())),
            }
        }
        if routes.is_empty() { Err(ConfigError::Empty) } else { Ok(Self { routes }) }
    }

    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::parse(&fs::read_to_string(file)?)
    }

    /// The backend for a request: that of the longest path it begins with.
    pub(crate) fn backend(&self, request: &str) -> Option<&str> {
        let routes = self.routes.iter().filter(|route| request.starts_with(&route.path));
        routes.max_by_key(|route| route.path.len()).map(|route| &*route.backend)
    }
}
