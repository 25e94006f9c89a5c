"""Results to text or bytes. Nothing here computes.

One file per result: scan_table (terminal), scan_markdown, scan_documents (json, jsonl, csv, parquet, symbols), explain,
series, bench, warm, cache, doctor, settings; summary is for stderr. They share figures (numbers and times as text),
text (names made harmless), cells (marks, colours), columns (measures as columns), layout, banner and documents.
"""
