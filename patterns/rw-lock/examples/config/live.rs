//! Serving by the routes in a file that people edit.

use std::io::{self, BufRead};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rw_lock::sharded::RwLock;

use super::routes::{Config, ConfigError};

/// Answers each request, which is a line, with the backend it goes to.
pub(crate) fn serve(
    store: &RwLock<Config>,
    requests: impl BufRead,
    mut say: impl FnMut(&str),
) -> io::Result<()> {
    for request in requests.lines() {
        let request = request?;
        // Copied out, because to say it may take long, and a writer would wait for that.
        let backend = store.read(|config| config.backend(request.trim()).map(str::to_owned));
        say(&format!("{} -> {}", request.trim(), backend.as_deref().unwrap_or("nowhere")));
    }
    Ok(())
}

/// Looks at the file five times a second, until `end` is closed.
pub(crate) fn watch(store: &RwLock<Config>, file: &Path, end: &mpsc::Receiver<()>) {
    let (pause, mut complaint) = (Duration::from_millis(200), None);
    while end.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let error = look(store, file).err().map(|error| error.to_string());
        if let Some(error) = error.as_ref().filter(|_| error != complaint) {
            eprintln!("the old routes stay: {error}");
        }
        complaint = error;
    }
}

/// Loads the file, and puts it in the place of the old routes if it is another. Reads and parses
/// before it takes the lock: readers wait for a move, not for a disk.
pub(crate) fn look(store: &RwLock<Config>, file: &Path) -> Result<bool, ConfigError> {
    let edited = Config::load(file)?;
    let new = store.read(|config| *config != edited);
    if new {
        let old = store.write(|config| std::mem::replace(config, edited));
        drop(old); // after the lock: to free it is nothing that readers should wait for
    }
    Ok(new)
}
