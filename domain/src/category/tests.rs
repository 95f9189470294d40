//! One category of the tree.

use cqrs_es::Aggregate;
use events::category::{CategoryArchived, CategoryCreated, CategoryEvent, CategoryMoved, CategoryRenamed};
use events::ids::CategoryId;
use uuid::Uuid;

use super::{Category, CategoryCommand, CategoryError, NAME_MAX_CHARS};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, given};
use crate::refusal::Refusal;

const CATEGORY: CategoryId = CategoryId(Uuid::from_u128(1));
const PARENT: Option<CategoryId> = Some(CategoryId(Uuid::from_u128(2)));

fn created(name: &str, slug: &str) -> CategoryCreated {
    CategoryCreated {
        category_id: CATEGORY,
        parent: None,
        name: name.to_owned(),
        slug: slug.to_owned(),
    }
}

fn open() -> Vec<CategoryEvent> {
    vec![created("Lamps", "lamps").into()]
}

fn archived() -> CategoryEvent {
    CategoryArchived {
        category_id: CATEGORY,
    }
    .into()
}

fn rename(name: &str) -> CategoryCommand {
    CategoryCommand::Rename {
        name: name.to_owned(),
    }
}

#[test]
fn a_category_is_created_once() {
    given::<Category>(vec![])
        .when(CategoryCommand::Create(created("Lamps", "lamps")))
        .then_expect_events(open());
    for history in [open(), open().into_iter().chain([archived()]).collect()] {
        given::<Category>(history)
            .when(CategoryCommand::Create(created("Lamps", "lamps")))
            .then_refused(CategoryError::AlreadyExists, (Conflict, "category_exists", None));
    }
}

#[test]
fn a_name_is_there_and_not_too_long() {
    let told = (Invalid, "category_name_invalid", Some("name"));
    let refusal = || CategoryError::Name {
        max_chars: NAME_MAX_CHARS,
    };
    for name in ["", " ", "a\nb", "a\0", &"é".repeat(NAME_MAX_CHARS + 1)] {
        given::<Category>(vec![])
            .when(CategoryCommand::Create(created(name, "lamps")))
            .then_refused(refusal(), told);
        given::<Category>(open())
            .when(rename(name))
            .then_refused(refusal(), told);
    }
}

#[test]
fn a_slug_fits_an_address() {
    for slug in [
        "",
        "Lamps",
        "läm",
        "a b",
        "a/b",
        "-lamps",
        "lamps-",
        &"x".repeat(NAME_MAX_CHARS + 1),
    ] {
        given::<Category>(vec![])
            .when(CategoryCommand::Create(created("Lamps", slug)))
            .then_refused(
                CategoryError::Slug,
                (Invalid, "category_slug_invalid", Some("slug")),
            );
    }
    for slug in ["a", "table-lamps-2", &"x".repeat(NAME_MAX_CHARS)] {
        given::<Category>(vec![])
            .when(CategoryCommand::Create(created("Lamps", slug)))
            .then_expect_events(vec![created("Lamps", slug).into()]);
    }
}

#[test]
fn it_is_renamed_and_moved_unless_that_changes_nothing() {
    let renamed = CategoryRenamed {
        category_id: CATEGORY,
        name: "Lights".to_owned(),
    };
    given::<Category>(open())
        .when(rename("Lights"))
        .then_expect_events(vec![renamed.into()]);
    given::<Category>(open()).when(rename("Lamps")).then_nothing();
    let moved = CategoryMoved {
        category_id: CATEGORY,
        parent: PARENT,
    };
    given::<Category>(open())
        .when(CategoryCommand::Move { parent: PARENT })
        .then_expect_events(vec![moved.into()]);
    given::<Category>(open())
        .when(CategoryCommand::Move { parent: None })
        .then_nothing();
}

#[test]
fn what_is_archived_or_never_was_is_not_there() {
    given::<Category>(open())
        .when(CategoryCommand::Archive)
        .then_expect_events(vec![archived()]);
    for history in [vec![], open().into_iter().chain([archived()]).collect()] {
        for command in [
            rename("Lights"),
            CategoryCommand::Move { parent: PARENT },
            CategoryCommand::Archive,
        ] {
            given::<Category>(history.clone())
                .when(command)
                .then_refused(CategoryError::NotFound, (NotFound, "category_not_found", None));
        }
    }
}

#[test]
fn what_it_tells_follows_the_events() {
    let mut category = Category::default();
    assert!(!category.is_open());
    category.apply(created("Lamps", "lamps").into());
    assert_eq!(
        (category.is_open(), category.parent(), category.slug()),
        (true, None, "lamps")
    );
    category.apply(
        CategoryMoved {
            category_id: CATEGORY,
            parent: PARENT,
        }
        .into(),
    );
    assert_eq!(category.parent(), PARENT);
    category.apply(archived());
    assert!(!category.is_open());
}

#[test]
fn what_the_tree_refuses_is_told_too() {
    for (error, code) in [
        (
            CategoryError::ParentNotFound { parent: CATEGORY },
            "category_parent_not_found",
        ),
        (CategoryError::Circle, "category_circle"),
        (CategoryError::TooDeep { max_depth: 12 }, "category_too_deep"),
    ] {
        assert_eq!(
            (error.kind(), error.code(), error.field().as_deref()),
            (Invalid, code, Some("parent"))
        );
    }
}
