//! What happens to the storage of a NATS server that has stopped.

use std::fs;
use std::path::{Path, PathBuf};

use crate::nats_server::NatsServer;

/// Keeps a copy.
pub fn back_up(server: &NatsServer) {
    copy(&server.storage(), &backup(server));
}

/// Puts the copy back: the server wakes up in an earlier time.
pub fn restore(server: &NatsServer) {
    delete(server);
    copy(&backup(server), &server.storage());
}

pub fn delete(server: &NatsServer) {
    fs::remove_dir_all(server.storage()).unwrap();
}

fn backup(server: &NatsServer) -> PathBuf {
    server.storage().with_extension("backup")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
