//! The workers against real counterparts, one module per counterpart.

mod gateway;
