#include "autoconfig-cgi/words.h"

static const char *const words[LANGUAGES][WORDS] = {
	[LANGUAGE_ENGLISH] = {
		[W_TITLE] = "Settings for your mail client",
		[W_INTRO] = "Most mail clients find these settings by "
			    "themselves once they know your address and "
			    "password. Here they are for those that ask.",
		[W_ADDRESS] = "Your mail address",
		[W_SHOW] = "Show settings",
		[W_NONE] = "There are no settings for this address. Check how "
			   "it is written. If it is right, it is handed on to "
			   "several people or to another provider, and has no "
			   "mailbox of its own.",
		[W_IMAP] = "Incoming mail (IMAP)",
		[W_POP3] = "Incoming mail (POP3), only where IMAP is not "
			   "possible",
		[W_SMTP] = "Outgoing mail (SMTP)",
		[W_SIEVE] = "Filters (ManageSieve)",
		[W_SERVER] = "Server",
		[W_PORT] = "Port",
		[W_SECURITY] = "Encryption",
		[W_TLS] = "SSL/TLS",
		[W_STARTTLS] = "STARTTLS",
		[W_LOGIN] = "User name",
		[W_PASSWORD] = "Password",
		[W_YOUR_PASSWORD] = "that of your mailbox",
		[W_PHONE] = "On a phone",
		[W_SCAN] = "Point its camera at the code to open this page "
			   "there.",
		[W_APPLE] = "iPhone, iPad and Mac set up the account with a "
			    "profile: download it there, then open Settings "
			    "to install it. You are asked for the password "
			    "then; it is not in the profile.",
		[W_PROFILE] = "Download profile",
		[W_QR] = "QR code with the address of this page",
	},
	[LANGUAGE_GERMAN] = {
		[W_TITLE] = "Einstellungen für Ihr Mailprogramm",
		[W_INTRO] = "Die meisten Mailprogramme finden diese "
			    "Einstellungen selbst, sobald sie Adresse und "
			    "Passwort kennen. Hier stehen sie für alle, die "
			    "danach fragen.",
		[W_ADDRESS] = "Ihre Mailadresse",
		[W_SHOW] = "Einstellungen zeigen",
		[W_NONE] = "Für diese Adresse gibt es keine Einstellungen. "
			   "Prüfen Sie die Schreibweise. Stimmt sie, dann geht "
			   "die Post an mehrere Personen oder zu einem anderen "
			   "Anbieter weiter und hat kein eigenes Postfach.",
		[W_IMAP] = "Posteingang (IMAP)",
		[W_POP3] = "Posteingang (POP3), nur wo IMAP nicht möglich ist",
		[W_SMTP] = "Postausgang (SMTP)",
		[W_SIEVE] = "Filter (ManageSieve)",
		[W_SERVER] = "Server",
		[W_PORT] = "Port",
		[W_SECURITY] = "Verschlüsselung",
		[W_TLS] = "SSL/TLS",
		[W_STARTTLS] = "STARTTLS",
		[W_LOGIN] = "Benutzername",
		[W_PASSWORD] = "Passwort",
		[W_YOUR_PASSWORD] = "das Ihres Postfachs",
		[W_PHONE] = "Auf dem Telefon",
		[W_SCAN] = "Richten Sie die Kamera auf den Code, um diese "
			   "Seite dort zu öffnen.",
		[W_APPLE] = "iPhone, iPad und Mac richten das Konto mit einem "
			    "Profil ein: laden Sie es dort herunter und öffnen "
			    "Sie dann die Einstellungen, um es zu installieren. "
			    "Nach dem Passwort werden Sie dabei gefragt; im "
			    "Profil steht es nicht.",
		[W_PROFILE] = "Profil laden",
		[W_QR] = "QR-Code mit der Adresse dieser Seite",
	},
};

const char *const *
words_of(enum language language)
{
	return words[language];
}
