-- Whose own requests an organisation is shown, and what an auditor searches by: clients. There are
-- few of them, so that the index grows at few places.
CREATE INDEX audit_entry_client ON audit_entry (client_id, entry_no);
