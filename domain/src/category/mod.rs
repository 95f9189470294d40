//! A category: a node of the tree. That a move makes no circle takes more than one node to see;
//! `catalogue` checks it.

mod command;
mod error;
#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::category::{CategoryArchived, CategoryCreated, CategoryEvent, CategoryMoved, CategoryRenamed};
use events::ids::CategoryId;
use serde::{Deserialize, Serialize};

use crate::text;

pub use command::CategoryCommand;
pub use error::CategoryError;

/// As long as a name may be, in characters: it still fits one line of a menu.
const NAME_MAX_CHARS: usize = 100;

/// See the module. The default is a category that nobody has made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    id: Option<CategoryId>,
    parent: Option<CategoryId>,
    name: String,
    slug: String,
    archived: bool,
}

impl Category {
    /// Whether products and children may be put into it.
    pub fn is_open(&self) -> bool {
        self.id.is_some() && !self.archived
    }

    pub fn parent(&self) -> Option<CategoryId> {
        self.parent
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name in addresses; empty if nobody has made it.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    fn decide(&self, command: CategoryCommand) -> Result<Option<CategoryEvent>, CategoryError> {
        if let CategoryCommand::Create(created) = command {
            return self.create(created).map(Some);
        }
        let category_id = self
            .id
            .filter(|_| !self.archived)
            .ok_or(CategoryError::NotFound)?;
        match command {
            CategoryCommand::Create(_) => Err(CategoryError::AlreadyExists),
            CategoryCommand::Rename { name } => {
                check_name(&name)?;
                Ok((name != self.name).then(|| CategoryRenamed { category_id, name }.into()))
            }
            CategoryCommand::Move { parent } => {
                Ok((parent != self.parent).then(|| CategoryMoved { category_id, parent }.into()))
            }
            CategoryCommand::Archive => Ok(Some(CategoryArchived { category_id }.into())),
        }
    }

    fn create(&self, created: CategoryCreated) -> Result<CategoryEvent, CategoryError> {
        if self.id.is_some() {
            return Err(CategoryError::AlreadyExists);
        }
        check_name(&created.name)?;
        check_slug(&created.slug)?;
        Ok(created.into())
    }
}

fn check_name(name: &str) -> Result<(), CategoryError> {
    if !text::is_line(name, NAME_MAX_CHARS) {
        return Err(CategoryError::Name {
            max_chars: NAME_MAX_CHARS,
        });
    }
    Ok(())
}

fn check_slug(slug: &str) -> Result<(), CategoryError> {
    let plain = slug
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if slug.is_empty()
        || slug.len() > NAME_MAX_CHARS
        || !plain
        || slug.starts_with('-')
        || slug.ends_with('-')
    {
        return Err(CategoryError::Slug);
    }
    Ok(())
}

impl Aggregate for Category {
    const TYPE: &'static str = "category";
    type Command = CategoryCommand;
    type Event = CategoryEvent;
    type Error = CategoryError;
    type Services = ();

    async fn handle(
        &mut self,
        command: CategoryCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), CategoryError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CategoryEvent) {
        match event {
            CategoryEvent::CategoryCreated(event) => {
                self.id = Some(event.category_id);
                self.parent = event.parent;
                self.name = event.name;
                self.slug = event.slug;
            }
            CategoryEvent::CategoryRenamed(event) => self.name = event.name,
            CategoryEvent::CategoryMoved(event) => self.parent = event.parent,
            CategoryEvent::CategoryArchived(_) => self.archived = true,
        }
    }
}
