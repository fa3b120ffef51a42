// Receives a connector sink into an SQLite database, each record exactly once:
//
//   sink_to_sqlite results.db --listen 127.0.0.1:7200
//   sqlite3 results.db 'SELECT CAST(data AS TEXT) FROM results'
//
// The view `results` shows what the application has committed, in order for each output (one for
// each worker and sink). Data and transactions are in one database, so that they agree after a
// crash of this program or of the application at any moment.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>
#include <CLI/CLI.hpp>

#include <wallaroo/connector_client.hpp>

namespace {

constexpr const char* schema = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS outputs (
  name TEXT PRIMARY KEY,
  committed INTEGER NOT NULL DEFAULT 0,   -- bytes
  prepared_id TEXT, prepared_start INTEGER, prepared_end INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (      -- the committed ones, and those that may follow
  output TEXT NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (output, position)
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS results AS
  SELECT records.output, records.position, records.data
  FROM records JOIN outputs ON outputs.name = records.output
  WHERE records.position < outputs.committed
  ORDER BY records.output, records.position;
)";

struct Blob {
  std::string_view bytes;
};

/// A connection to a database. Its functions throw std::runtime_error.
class Database {
 public:
  explicit Database(const std::string& path) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(path.c_str(), &opened);
    handle_.reset(opened);
    check(code);
    check(sqlite3_exec(handle_.get(), schema, nullptr, nullptr, nullptr));
  }

  /// Runs a statement, and calls row(sqlite3_stmt*) if it gives a row. `sql` must outlive this
  /// object.
  template <class Row, class... Values>
  void query(const char* sql, Row&& row, const Values&... values) {
    sqlite3_stmt* const statement = prepared(sql);
    int place = 0;
    (check(bind(statement, ++place, values)), ...);
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      row(statement);
    }
    check(sqlite3_reset(statement));
  }
  template <class... Values>
  void run(const char* sql, const Values&... values) {
    query(
        sql, [](sqlite3_stmt*) {}, values...);
  }

  /// Begins the transaction of everything that is written until the next `durably`.
  void begin() {
    if (sqlite3_get_autocommit(handle_.get()) != 0) {
      run("BEGIN");
    }
  }
  /// Calls `work`, and makes durable what it writes and everything that was written since `begin`.
  template <class Work>
  void durably(Work&& work) {
    begin();
    try {
      work();
      run("COMMIT");
    } catch (...) {
      if (sqlite3_get_autocommit(handle_.get()) == 0) {
        run("ROLLBACK");
      }
      throw;
    }
  }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) {
      throw std::runtime_error(std::string("the database: ") + sqlite3_errmsg(handle_.get()));
    }
  }
  sqlite3_stmt* prepared(const char* sql) {
    Statement& statement = statements_[sql];
    if (statement == nullptr) {
      sqlite3_stmt* made = nullptr;
      check(sqlite3_prepare_v2(handle_.get(), sql, -1, &made, nullptr));
      statement.reset(made);
    }
    return statement.get();
  }
  static int bind(sqlite3_stmt* statement, int place, std::uint64_t value) {
    return sqlite3_bind_int64(statement, place, static_cast<sqlite3_int64>(value));
  }
  static int bind(sqlite3_stmt* statement, int place, const std::string& value) {
    return sqlite3_bind_text(statement, place, value.data(), static_cast<int>(value.size()),
                             SQLITE_TRANSIENT);
  }
  static int bind(sqlite3_stmt* statement, int place, Blob value) {
    return sqlite3_bind_blob64(statement, place, value.bytes.data(), value.bytes.size(),
                               SQLITE_TRANSIENT);
  }

  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string_view, Statement> statements_;  // after handle_: must be closed before it
};

std::uint64_t number(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}

/// Records are written before their commit; only `committed` decides which are shown.
class SqliteOutput final : public wallaroo::ConnectorOutput {
 public:
  explicit SqliteOutput(const std::string& path) : database_(path) {}

  wallaroo::ConnectorOutputState load(const std::string& name) override {
    database_.durably(
        [&] { database_.run("INSERT OR IGNORE INTO outputs (name) VALUES (?)", name); });
    wallaroo::ConnectorOutputState state;
    database_.query(
        "SELECT committed, prepared_start, prepared_end, prepared_id FROM outputs WHERE name = ?",
        [&](sqlite3_stmt* row) {
          state.committed = number(row, 0);
          if (const auto* id = sqlite3_column_text(row, 3)) {
            state.prepared = {reinterpret_cast<const char*>(id), number(row, 1), number(row, 2)};
          }
        },
        name);
    return state;
  }

  void truncate(const std::string& name, std::uint64_t offset) override {
    database_.durably([&] { delete_from(name, offset); });
  }

  void write(const std::string& name, std::uint64_t offset, std::string_view data) override {
    if (data.empty()) {
      return;  // an empty record has no position of its own, and nothing to show
    }
    database_.begin();
    database_.run("INSERT INTO records VALUES (?, ?, ?)", name, offset, Blob{data});
  }

  void prepare(const std::string& name,
               const wallaroo::ConnectorTransaction& transaction) override {
    database_.durably([&] {
      database_.run(
          "UPDATE outputs SET prepared_id = ?, prepared_start = ?, prepared_end = ? WHERE name = ?",
          transaction.id, transaction.start, transaction.end, name);
    });
  }

  void commit(const std::string& name, const wallaroo::ConnectorTransaction& transaction) override {
    database_.durably([&] {
      forget(name);
      database_.run("UPDATE outputs SET committed = ? WHERE name = ?", transaction.end, name);
    });
  }

  void abort(const std::string& name, const wallaroo::ConnectorTransaction& transaction) override {
    database_.durably([&] {
      forget(name);
      delete_from(name, transaction.start);
    });
  }

 private:
  void forget(const std::string& name) {
    database_.run("UPDATE outputs SET prepared_id = NULL WHERE name = ?", name);
  }
  void delete_from(const std::string& name, std::uint64_t offset) {
    database_.run("DELETE FROM records WHERE output = ? AND position >= ?", name, offset);
  }

  Database database_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  wallaroo::ConnectorSinkServerOptions options;
  options.listen = "127.0.0.1:7200";
  options.log = [](std::string_view text) { std::cerr << text << '\n'; };
  CLI::App app("Receives a connector sink into an SQLite database, each record exactly once.");
  app.add_option("database", path)->required();
  app.add_option("--listen", options.listen, "host:port")->capture_default_str();
  app.add_option("--cookie", options.cookie)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    SqliteOutput output(path);
    wallaroo::ConnectorSinkServer server(options, output);
    std::cout << "listening on " << server.address() << std::endl;
    for (;;) {
      server.poll(std::chrono::seconds(1));
    }
  } catch (const std::exception& error) {
    std::cerr << "sink_to_sqlite: " << error.what() << '\n';
    return 1;
  }
}
