"""What is drawn. A widget is handed values and posts messages; it knows no workspace, no screen, no app."""
