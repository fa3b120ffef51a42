// One client of the HTTP server.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer does not see Asio's fences, and the compiler warns about each. That does no harm:
// all handlers run on one thread, and other threads hand theirs over under a mutex.
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "metrics/http/http_pages.hpp"
#include "metrics/http/http_server.hpp"

namespace wallaroo::internal {

class HttpSession;

/// The open sessions, in the order in which they entered their present state. Used only on the
/// server's thread.
class HttpSessions {
 public:
  std::size_t size() const { return open_.size(); }
  /// Closes the session that has waited for a request for longest or, when all are being answered,
  /// the one whose answer began first.
  void close_one();

 private:
  friend HttpSession;
  std::list<HttpSession*> open_;
  std::list<HttpSession*> closing_;  ///< until their last handler has run
};

/// Reads a request's header and answers, again and again while the client keeps the connection.
/// Each pending handler holds a reference, so it lives as long as something is going on.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  /// The parts that all sessions share. Must outlive them.
  struct Shared {
    HttpPages& pages;
    HttpSessions& sessions;
    const HttpLimits& limits;
    const std::vector<std::string>& names;
  };
  HttpSession(boost::asio::ip::tcp::socket socket, const Shared& shared);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
  ~HttpSession();

  /// Waits for a request.
  void read();

 private:
  friend HttpSessions;
  /// How a response is sent.
  struct Manner {
    unsigned version = 11;
    bool keep_alive = false;
    bool head = false;   ///< only the header
    bool allow = false;  ///< names the methods that are answered
    bool gzip = false;
    std::string known = {};  ///< the ETags of what the client has, as it sent them
  };

  void on_read(boost::system::error_code error);
  void request_page(const Manner& manner, HttpRequest request);
  void refuse(int status, std::string text, const Manner& manner);
  void respond(const HttpPagePtr& page, const Manner& manner);
  template <class Message>
  void send(std::shared_ptr<Message> message, HttpPagePtr page, bool keep_alive);
  void enter(bool answering);
  void close_now();
  void close();
  void discard_rest();

  boost::beast::tcp_stream stream_;
  const Shared& shared_;
  std::list<HttpSession*>::iterator place_;
  bool answering_ = false;
  bool closing_ = false;
  boost::beast::flat_buffer buffer_{16 * 1024};
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  std::array<char, 4096> discarded_{};
};

}  // namespace wallaroo::internal
