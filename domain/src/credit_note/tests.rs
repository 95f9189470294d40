//! A credit note, issued once.

use events::credit_note::CreditNoteIssued;
use events::ids::{CreditNoteId, ProductId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::{Money, MoneyError};
use events::order::SoldLine;

use super::{CreditNote, CreditNoteCommand, CreditNoteError};
use crate::RefusalKind::{Conflict, Invalid};
use crate::given::{Then, at, euros, given, pence, sku};
use crate::order::LINES_MAX;

fn line(quantity: u32, amount: Money) -> SoldLine {
    SoldLine {
        sku: sku("LAMP"),
        product_id: ProductId::default(),
        quantity,
        amount,
    }
}

fn issued(lines: Vec<SoldLine>, total: Money) -> CreditNoteIssued {
    CreditNoteIssued {
        credit_note_id: CreditNoteId::default(),
        customer: None,
        country: "France".to_owned(),
        lines,
        origins: Vec::new(),
        total,
        entry: JournalEntry::transfer(LedgerAccount::Sales, LedgerAccount::External, total),
        reason: "broken".to_owned(),
        reference: Some("C536379".to_owned()),
        issued_at: at(0),
    }
}

fn two_lines() -> CreditNoteIssued {
    issued(vec![line(1, pence(2_50)), line(2, pence(5_00))], pence(7_50))
}

#[test]
fn a_credit_note_is_issued_once() {
    given::<CreditNote>(vec![])
        .when(CreditNoteCommand::Issue(two_lines()))
        .then_expect_events(vec![two_lines().into()]);
    given::<CreditNote>(vec![two_lines().into()])
        .when(CreditNoteCommand::Issue(two_lines()))
        .then_refused(
            CreditNoteError::AlreadyIssued,
            (Conflict, "credit_note_exists", None),
        );
}

#[test]
fn a_credit_note_is_one_that_can_be_added_up() {
    let most = pence(crate::amount::AMOUNT_MAX_MINOR);
    let total = pence(crate::amount::AMOUNT_MAX_MINOR + 1);
    given::<CreditNote>(vec![])
        .when(CreditNoteCommand::Issue(issued(
            vec![line(1, most), line(1, pence(1))],
            total,
        )))
        .then_refused(
            CreditNoteError::TooLarge { total },
            (Invalid, "amount_too_large", Some("lines")),
        );
}

#[test]
fn its_lines_are_some_and_of_something_and_make_up_its_total() {
    let mixed = MoneyError::Mixed {
        left: pence(0).currency(),
        right: euros(0).currency(),
    };
    for (note, error, code) in [
        (
            issued(vec![], pence(0)),
            CreditNoteError::LineCount { max: LINES_MAX },
            "credit_note_line_count",
        ),
        (
            issued(vec![line(1, pence(0)); LINES_MAX + 1], pence(0)),
            CreditNoteError::LineCount { max: LINES_MAX },
            "credit_note_line_count",
        ),
        (
            issued(vec![line(0, pence(0))], pence(0)),
            CreditNoteError::Quantity,
            "quantity_invalid",
        ),
        (
            issued(vec![line(1, pence(2_50))], pence(2_51)),
            CreditNoteError::Total {
                stated: pence(2_51),
                counted: pence(2_50),
            },
            "credit_note_total_wrong",
        ),
        (
            issued(vec![line(1, pence(2_50)), line(1, euros(1))], pence(2_50)),
            CreditNoteError::Money(mixed),
            "amount_invalid",
        ),
    ] {
        given::<CreditNote>(vec![])
            .when(CreditNoteCommand::Issue(note))
            .then_refused(error, (Invalid, code, Some("lines")));
    }
}
