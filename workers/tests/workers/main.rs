//! The workers against real counterparts: a log, a vault, the payment sandbox over HTTP, an SMTP server over TCP.

mod gateway;

mod charging;
mod crashes;
mod emails;
mod images;
mod intents;
mod overgrown;
mod payouts;
mod people;
mod planning;
mod reconciling;
mod refunding;
mod restoring;
mod shop;
mod smtp_server;
mod timers;
