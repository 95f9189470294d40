//! The folder into which the workers put emails.

use std::path::PathBuf;

use workers::email::MailTransport;
use workers::mailbox::{Mail, Mailbox};

use super::{Shop, until};

impl Shop {
    pub fn mail_folder(&self) -> PathBuf {
        self.directory.path().join("mail")
    }

    pub fn folder(&self) -> MailTransport {
        MailTransport::folder(&self.mail_folder()).unwrap()
    }

    /// All emails in the folder.
    pub async fn mails(&self) -> Vec<Mail> {
        let mailbox = Mailbox::new(&self.mail_folder());
        let mut mails = vec![];
        for summary in mailbox.list(100, None).await.unwrap().mails {
            mails.push(mailbox.read(&summary.id).await.unwrap().unwrap());
        }
        mails
    }

    pub async fn until_mail(&self, id: &str) -> Mail {
        let mailbox = Mailbox::new(&self.mail_folder());
        until(id, async || mailbox.read(id).await.unwrap().is_some()).await;
        mailbox.read(id).await.unwrap().unwrap()
    }
}
