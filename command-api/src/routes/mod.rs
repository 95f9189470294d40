//! The endpoints, one file each, and how large a body each may have.

mod acknowledge_orphan;
mod add_image;
mod add_product;
mod add_wishlist_item;
mod adjust_stock;
mod archive_category;
mod cancel_order;
mod change_password;
mod change_products;
mod compare_daily_reports;
mod create_category;
mod deliver_order;
mod deposit_money;
mod edit_branch;
mod edit_category;
mod edit_image;
mod edit_product;
mod edit_profile;
mod forget_password;
mod hide_review;
mod issue_api_key;
mod issue_credit_note;
mod log_in;
mod log_out;
mod note_catalogue_outcome;
mod place_order;
mod purchase_product;
mod put_review;
mod read_chain_catalogue;
mod receive_daily_report;
mod receive_stripe_webhook;
mod record_past_order;
mod refresh_session;
mod refund_orphan;
mod refund_payment;
mod register;
mod register_branch;
mod remove_cart_item;
mod remove_image;
mod remove_product;
mod remove_review;
mod remove_wishlist_item;
mod request_daily_report;
mod request_email_verification;
mod reset_password;
mod restore_review;
mod retry_payment;
mod return_order;
mod revoke_api_key;
mod revoke_branch_token;
mod rotate_branch_token;
mod set_cart_item;
mod set_roles;
mod ship_order;
mod upload_products;
mod verify_email;
mod withdraw_money;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use domain::Authority;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Caller, stripe_webhook};

use crate::call_recorder::{self, CallRecorder};
use crate::deps::ApiState;

/// Names, passwords, amounts: a few kilobytes at most.
const SMALL_BODY_BYTES: usize = 16 * 1024;
/// An order of 2,000 lines, a product of 200 variants with a description of 20,000 characters, or a day's report by 1,000
/// categories.
const LARGE_BODY_BYTES: usize = 512 * 1024;

/// All endpoints.
pub fn all(calls: CallRecorder) -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(small().layer(DefaultBodyLimit::max(SMALL_BODY_BYTES)))
        .merge(of_branches(calls).layer(DefaultBodyLimit::max(LARGE_BODY_BYTES)))
        .merge(large().layer(DefaultBodyLimit::max(LARGE_BODY_BYTES)))
        .merge(uploads().layer(DefaultBodyLimit::disable()))
        .merge(webhooks().layer(DefaultBodyLimit::max(stripe_webhook::MAX_PAYLOAD_BYTES)))
}

fn small() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh_session::refresh_session))
        .routes(routes!(log_out::log_out))
        .routes(routes!(forget_password::forget_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(request_email_verification::request_email_verification))
        .routes(routes!(edit_profile::edit_profile))
        .routes(routes!(change_password::change_password))
        .routes(routes!(set_roles::set_roles))
        .routes(routes!(issue_api_key::issue_api_key))
        .routes(routes!(revoke_api_key::revoke_api_key))
        .routes(routes!(create_category::create_category))
        .routes(routes!(
            edit_category::edit_category,
            archive_category::archive_category
        ))
        .routes(routes!(adjust_stock::adjust_stock))
        .routes(routes!(change_products::change_products))
        .routes(routes!(edit_image::edit_image, remove_image::remove_image))
        .routes(routes!(purchase_product::purchase_product))
        .routes(routes!(
            set_cart_item::set_cart_item,
            remove_cart_item::remove_cart_item
        ))
        .routes(routes!(put_review::put_review, remove_review::remove_review))
        .routes(routes!(hide_review::hide_review))
        .routes(routes!(restore_review::restore_review))
        .routes(routes!(
            add_wishlist_item::add_wishlist_item,
            remove_wishlist_item::remove_wishlist_item
        ))
        .routes(routes!(cancel_order::cancel_order))
        .routes(routes!(ship_order::ship_order))
        .routes(routes!(deliver_order::deliver_order))
        .routes(routes!(retry_payment::retry_payment))
        .routes(routes!(refund_payment::refund_payment))
        .routes(routes!(refund_orphan::refund_orphan))
        .routes(routes!(acknowledge_orphan::acknowledge_orphan))
        .routes(routes!(deposit_money::deposit_money))
        .routes(routes!(withdraw_money::withdraw_money))
        .routes(routes!(register_branch::register_branch))
        .routes(routes!(edit_branch::edit_branch))
        .routes(routes!(
            rotate_branch_token::rotate_branch_token,
            revoke_branch_token::revoke_branch_token
        ))
        .routes(routes!(request_daily_report::request_daily_report))
}

/// What branches call at headquarters: each call is kept.
fn of_branches(calls: CallRecorder) -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(receive_daily_report::receive_daily_report))
        .routes(routes!(compare_daily_reports::compare_daily_reports))
        .routes(routes!(note_catalogue_outcome::note_catalogue_outcome))
        .routes(routes!(read_chain_catalogue::read_chain_catalogue))
        .layer(from_fn_with_state(calls, call_recorder::record))
}

fn large() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(add_product::add_product))
        .routes(routes!(
            edit_product::edit_product,
            remove_product::remove_product
        ))
        .routes(routes!(place_order::place_order))
        .routes(routes!(issue_credit_note::issue_credit_note))
        .routes(routes!(return_order::return_order))
}

/// They bound their bodies themselves: an image by a setting, products on their way into a file.
fn uploads() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(add_image::add_image))
        .routes(routes!(upload_products::upload_products))
}

fn webhooks() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(receive_stripe_webhook::receive_stripe_webhook))
}

/// On whose behalf a caller commands.
fn authority(caller: &Caller) -> Authority {
    if caller.is_staff() {
        Authority::Staff
    } else {
        Authority::Account(caller.account)
    }
}
