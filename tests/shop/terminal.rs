//! `tillstream shop` in a real terminal: tmux presses the keys and reads the screen.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::process::{Shop, tillstream};

/// Longer than any answer takes; what isn't on the screen by then never comes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal of its own, on a tmux server of its own.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Runs a command in it, and says when that has left.
    fn run(socket: PathBuf, command: &Command) -> Self {
        let terminal = Self { socket };
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
        let script = r#""$@"; echo "it left with $?"; read -r"#;
        let shell = ["-x", "100", "-y", "30", "--", "bash", "-c", script, "bash"];
        terminal.tmux(&[&["-f", "/dev/null", "new-session", "-d"], &shell[..], &words].concat());
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(&self.socket).args(arguments);
        // A tmux around the tests is none of its business.
        let output = tmux.env_remove("TMUX").env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        output
    }

    /// Presses keys, by tmux's names; letters one by one.
    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn type_in(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    fn shows(&self, wanted: &str) -> String {
        self.wait(wanted, |screen| screen.contains(wanted))
    }

    #[track_caller]
    fn wait(&self, wanted: &str, holds: impl Fn(&str) -> bool) -> String {
        let asked_at = Instant::now();
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(asked_at.elapsed() < PATIENCE, "never shown: {wanted}\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Fills in a form, from its first field to its last.
    fn fill_in(&self, texts: &[&str]) {
        for text in texts {
            self.type_in(text);
            self.press(&["Enter"]);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let kill = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .output();
        drop(kill);
    }
}

async fn stock(shop: &Shop) {
    let staff = Client::admin(shop).await;
    for (name, sku, quantity) in [
        ("The Left Hand of Darkness", "LHD", 2),
        ("The Dispossessed", "DIS", 1),
    ] {
        let variants = json!([{"sku": sku, "price": "8.99", "quantity": quantity}]);
        let book = json!({"name": name, "description": "A novel.", "variants": variants});
        staff.post("/api/products", &book).await.expect(201);
    }
    // Whoever opens the terminal now has written nothing, and so would be shown whatever the read models know.
    staff.get("/api/products").await.expect(200);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn somebody_shops_in_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start_with(&folder.path().join("shop"), &[("TILLSTREAM_DEMO", "false")]);
    stock(&shop).await;
    let mut command = tillstream(&folder.path().join("none"));
    command.args(["shop", "--server", &shop.url, "--card", "pm_card_visa"]);
    let terminal = Terminal::run(folder.path().join("tmux"), &command);

    // Search and info.
    terminal.shows("The Dispossessed");
    terminal.type_in("darkness");
    terminal.press(&["Enter"]);
    let wanted = "only what was searched for";
    terminal.wait(wanted, |screen| {
        screen.contains("Left Hand") && !screen.contains("Dispossessed")
    });
    terminal.press(&["Enter"]);
    let detail = terminal.shows("A novel.");
    assert!(detail.contains("LHD") && detail.contains("£8.99"), "{detail}");

    // Into the cart, for which nobody has to be logged in.
    terminal.press(&["a"]);
    terminal.shows("in the cart");
    terminal.press(&["2"]);
    terminal.shows("Total: £8.99");
    terminal.press(&["+"]);
    terminal.shows("Total: £17.98");

    // The whole cart becomes an order, paid by card, of the account that it needs.
    terminal.press(&["o"]);
    terminal.fill_in(&["GB", "", ""]);
    terminal.shows("Log in");
    terminal.press(&["C-r"]);
    terminal.shows("New account");
    terminal.fill_in(&["genly", "genly@example.com", "a password of a test"]);
    let welcome = terminal.shows("genly");
    assert!(!welcome.contains("password of"), "{welcome}");
    let ordered = terminal.shows("2 × The Left Hand of Darkness");
    assert!(ordered.contains("Total: £17.98"), "{ordered}");
    terminal.press(&["3"]);
    terminal.wait("the order as paid", |screen| {
        terminal.press(&["3"]);
        screen.contains("paid") && screen.contains("£17.98")
    });

    // Buy now; what is sold out is refused, and said.
    terminal.press(&["/", "C-u"]);
    terminal.type_in("dispossessed");
    terminal.press(&["Enter"]);
    terminal.wait(wanted, |screen| {
        !screen.contains("Left Hand") && screen.contains("Dispossessed")
    });
    terminal.press(&["Enter"]);
    terminal.shows("A novel.");
    terminal.press(&["+", "b"]);
    terminal.shows("2 × The Dispossessed");
    terminal.fill_in(&["", "", ""]);
    terminal.shows("! ");
    terminal.press(&["Escape"]);
    terminal.press(&["-", "b"]);
    terminal.shows("1 × The Dispossessed");
    terminal.fill_in(&["", "", ""]);
    terminal.shows("Ordered for £8.99");

    // It gives the terminal back.
    terminal.press(&["q"]);
    let rest = terminal.shows("it left with 0");
    assert!(!rest.contains("Tillstream"), "{rest}");
    assert!(shop.stop().success());
}
