//! A small SMTP server over real TCP, which can be told to fail.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use workers::email::{MailTransport, SmtpSettings, SmtpTls};

/// What the server does with a message.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Accept,
    /// 451 behind the message.
    TryLater,
    /// 550 to the recipient, repeating the address.
    NoSuchUser,
    /// Takes the message and cuts the line instead of answering.
    TakeAndCut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub data: String,
}

pub struct SmtpServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpServer {
    /// Answers the first messages so, and accepts all others.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(vec![]));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let (log, script) = (Arc::clone(&received), Arc::clone(&answers));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&log), Arc::clone(&script)));
            }
        });
        Self {
            address,
            received,
            answers,
            task,
        }
    }

    pub fn transport(&self, tls: SmtpTls) -> MailTransport {
        let settings = SmtpSettings {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            tls,
            credentials: None,
        };
        MailTransport::smtp(settings).unwrap()
    }

    /// Every message whose data came in, also those that weren't accepted.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn answers_left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

/// One connection; a client that goes away ends it.
async fn converse(
    stream: TcpStream,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test ESMTP\r\n").await.ok()?;
    let (mut from, mut to, mut answer) = (String::new(), String::new(), Answer::Accept);
    while let Some(line) = lines.next_line().await.ok()? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => "250-test\r\n250 8BITMIME\r\n".to_owned(),
            "MAIL" => {
                from = angled(&line);
                answer = answers.lock().unwrap().pop_front().unwrap_or(Answer::Accept);
                "250 ok\r\n".to_owned()
            }
            "RCPT" => {
                to = angled(&line);
                match answer {
                    Answer::NoSuchUser => format!("550 5.1.1 <{to}> has no mailbox here\r\n"),
                    _ => "250 ok\r\n".to_owned(),
                }
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let data = data(&mut lines).await?;
                let (from, to) = (from.clone(), to.clone());
                received.lock().unwrap().push(Received { from, to, data });
                match answer {
                    Answer::TryLater => "451 4.7.1 greylisted, try later\r\n".to_owned(),
                    Answer::TakeAndCut => return None,
                    _ => "250 queued\r\n".to_owned(),
                }
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            "RSET" | "NOOP" => "250 ok\r\n".to_owned(),
            _ => "502 not here\r\n".to_owned(),
        };
        writer.write_all(reply.as_bytes()).await.ok()?;
    }
    Some(())
}

async fn data<R: tokio::io::AsyncBufRead + Unpin>(lines: &mut tokio::io::Lines<R>) -> Option<String> {
    let mut data = String::new();
    loop {
        let line = lines.next_line().await.ok()??;
        if line == "." {
            return Some(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
}

fn angled(line: &str) -> String {
    let start = line.find('<').map_or(0, |at| at + 1);
    let end = line.find('>').unwrap_or(line.len());
    line[start..end].to_owned()
}
