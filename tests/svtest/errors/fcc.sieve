require ["vacation", "fcc", "mailbox"];
vacation :create "a";
