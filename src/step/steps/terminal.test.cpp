#include "step/steps/terminal.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include "route/mailbox.hpp"
#include "step/chain.rig.hpp"
#include "step/steps/callback_terminal.hpp"
#include "step/steps/exchange_terminal.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::RunOptions;
using testing_support::sink_id;
using testing_support::stage_id;
using testing_support::Surroundings;

// Sends records through one terminal, with mailboxes behind its outlets.
template <class T, class Terminal>
class Rig {
 public:
  Rig(typename Terminal::Spec spec, int targets, OnError on_error = OnError::skip)
      : surroundings_({.sink_on_error = on_error}) {
    for (int i = 0; i < targets; ++i) {
      mailboxes_.push_back(std::make_unique<Mailbox>(nullptr, nullptr));
    }
    std::vector<Channel*> all;
    for (const auto& mailbox : mailboxes_) {
      all.push_back(mailbox.get());
    }
    outlet_ = std::make_unique<Outlet>(all, assign_evenly(all.size()));
    auto context = surroundings_.context();
    context.outlets = {outlet_.get()};
    chain_ = std::make_unique<Made>(typename Made::Spec{{}, {}, std::move(spec)}, context);
  }
  void feed(const std::vector<T>& records) {
    RecordBatch<T> batch;
    batch.ingest_ns = ++fed_;
    for (const T& record : records) {
      batch.emplace(record);
    }
    chain_->process(batch);
  }
  template <class B>
  std::unique_ptr<B> take(std::size_t target = 0) {
    chain_->flush(true);
    return std::unique_ptr<B>(static_cast<B*>(mailboxes_[target]->pop().release()));
  }
  const StageMetrics& metrics() const { return surroundings_.sink.metrics; }
  const std::vector<std::string>& log() const { return surroundings_.log; }
  Segment& chain() { return *chain_; }

 private:
  using Made = Chain<OwnedInput<T>, Terminal>;
  Surroundings surroundings_;
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::unique_ptr<Outlet> outlet_;
  std::unique_ptr<Made> chain_;
  std::int64_t fed_ = 0;
};

void encode_even(const int& n, ByteWriter& out) {
  out.append("half of ");
  if (n % 2 != 0) {
    throw std::runtime_error("odd");
  }
  out.decimal(n).append(";");
}

TEST(EncodeTerminal, AnEncoderThatFailsHalfwayLeavesNoBytes) {
  using Terminal = EncodeTerminal<int, decltype(&encode_even)>;
  Rig<int, Terminal> rig({sink_id, &encode_even}, 1);
  rig.feed({1, 2, 3, 4, 5});
  const auto batch = rig.take<ByteBatch>();
  EXPECT_EQ(batch->bytes, "half of 2;half of 4;");
  EXPECT_EQ(batch->ends, (std::vector<std::uint32_t>{10, 20}));
  EXPECT_EQ(rig.metrics().records_in.value(), 5U);
  EXPECT_EQ(rig.metrics().records_out.value(), 2U);
  EXPECT_EQ(rig.metrics().errors.value(), 3U);
  EXPECT_EQ(rig.log().size(), 3U);
}

TEST(EncodeTerminal, ABatchOfFailuresOnlyIsNotSent) {
  using Terminal = EncodeTerminal<int, decltype(&encode_even)>;
  Rig<int, Terminal> rig({sink_id, &encode_even}, 1);
  rig.feed({1, 3});
  EXPECT_EQ(rig.take<ByteBatch>(), nullptr);
  rig.feed({2});
  EXPECT_EQ(rig.take<ByteBatch>()->ingest_ns, 2) << "the age of a record that was dropped";
}

TEST(EncodeTerminal, RecordsWithoutBytesAreStillRecords) {
  const auto nothing = [](const int&) { return std::string(); };
  using Terminal = EncodeTerminal<int, std::decay_t<decltype(nothing)>>;
  Rig<int, Terminal> rig({sink_id, nothing}, 1);
  rig.feed({1, 2});
  EXPECT_EQ(rig.take<ByteBatch>()->ends, (std::vector<std::uint32_t>{0, 0}));
}

TEST(EncodeTerminal, ALongRecordIsSentAtOnceAndWhole) {
  const auto large = [](const int& n) { return std::string(static_cast<std::size_t>(n), 'x'); };
  using Terminal = EncodeTerminal<int, std::decay_t<decltype(large)>>;
  Rig<int, Terminal> rig({sink_id, large}, 1);
  rig.feed({1'000'000, 1});
  EXPECT_EQ(rig.take<ByteBatch>()->bytes.size(), 1'000'000U);
  EXPECT_EQ(rig.take<ByteBatch>()->bytes.size(), 1U);
}

struct Item {
  int key;
  int value;
};
int key_of(const Item& item) {
  return item.key < 0 ? throw std::runtime_error("no key") : item.key;
}

TEST(ExchangeTerminal, FailuresOfTheKeyFunctionAreCountedAndTheRestGoesOn) {
  using Terminal = ExchangeTerminal<Item, decltype(&key_of), true, false>;
  Rig<Item, Terminal> rig({sink_id, &key_of}, 1);
  rig.feed({{1, 10}, {-1, 11}, {2, 12}});
  const auto batch = rig.take<RecordBatch<Carried<int, Item>>>();
  ASSERT_EQ(batch->size(), 2U);
  EXPECT_EQ(batch->begin()[0].value.value, 10);
  EXPECT_EQ(batch->begin()[1].value.value, 12);
  EXPECT_EQ(batch->begin()[1].hash, hash_key(2));
  EXPECT_EQ(rig.metrics().records_in.value(), 3U);
  EXPECT_EQ(rig.metrics().records_out.value(), 2U);
  EXPECT_EQ(rig.metrics().errors.value(), 1U);
  EXPECT_NE(rig.log().at(0).find("{-1, 11}: no key"), std::string::npos) << rig.log().at(0);
}

struct Measured {
  double key;
  int value;
};

TEST(ExchangeTerminal, AKeyThatIsNotEqualToItselfIsRefusedByThePolicyOfTheStage) {
  using Terminal = ExchangeTerminal<Measured, double Measured::*, false, false>;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Rig<Measured, Terminal> rig({sink_id, &Measured::key}, 1);
  rig.feed({{0.5, 10}, {nan, 11}, {-0.0, 12}, {0.0, 13}});
  const auto batch = rig.take<RecordBatch<Hashed<Measured>>>();
  ASSERT_EQ(batch->size(), 3U);
  EXPECT_EQ(batch->begin()[0].value.value, 10);
  EXPECT_EQ(batch->begin()[1].hash, batch->begin()[2].hash);
  EXPECT_EQ(rig.metrics().errors.value(), 1U);
  EXPECT_NE(rig.log().at(0).find("{nan, 11}: its key nan is not equal to itself"),
            std::string::npos)
      << rig.log().at(0);

  Rig<Measured, Terminal> strict({sink_id, &Measured::key}, 1, OnError::stop);
  EXPECT_THROW(strict.feed({{nan, 11}}), StageFailure);
}

// If std::hash or == throws, the record fails at key_by, before any state is stored by its key.
struct Throwing {
  int number;
  bool operator==(const Throwing& other) const {
    return number == 2 ? throw std::runtime_error("cannot compare") : number == other.number;
  }
};

}  // namespace
}  // namespace wallaroo::internal

template <>
struct std::hash<wallaroo::internal::Throwing> {
  std::size_t operator()(const wallaroo::internal::Throwing& key) const {
    return key.number == 1 ? throw std::runtime_error("cannot hash")
                           : static_cast<std::size_t>(key.number);
  }
};

namespace wallaroo::internal {
namespace {

TEST(ExchangeTerminal, AKeyThatCannotBeHashedOrComparedIsRefused) {
  const auto key = [](const int& number) { return Throwing{number}; };
  using Terminal = ExchangeTerminal<int, std::decay_t<decltype(key)>, true, false>;
  Rig<int, Terminal> rig({sink_id, key}, 1);
  rig.feed({0, 1, 2, 3});
  EXPECT_EQ((rig.take<RecordBatch<Carried<Throwing, int>>>()->size()), 2U);
  EXPECT_EQ(rig.metrics().errors.value(), 2U);
  EXPECT_NE(rig.log().at(0).find("cannot hash"), std::string::npos) << rig.log().at(0);
  EXPECT_NE(rig.log().at(1).find("cannot compare"), std::string::npos) << rig.log().at(1);
}

TEST(ExchangeTerminal, RecordsThatComeInARowAreTreatedLikeOnesThatComeAlone) {
  const auto many = [](int size, Emitter<Item>& emit) {
    for (int i = 0; i < size; ++i) {
      emit({i % 1000 == 999 ? -1 : i, i});
    }
  };
  using Step = ComputationStep<std::decay_t<decltype(many)>, int, NoKey>;
  using Terminal = ExchangeTerminal<Item, decltype(&key_of), false, false>;
  using Made = Chain<OwnedInput<int>, Terminal, Step>;
  Surroundings surroundings({.sink_on_error = OnError::skip});
  Mailbox mailbox(nullptr, nullptr);
  Outlet outlet({&mailbox}, assign_evenly(1));
  auto context = surroundings.context();
  context.outlets = {&outlet};
  Made chain({{}, {typename Step::Spec{stage_id, many}}, {sink_id, &key_of}}, context);
  RecordBatch<int> input;
  input.emplace(3000);
  chain.process(input);
  chain.flush(true);
  std::vector<int> values;
  while (const BatchPtr batch = mailbox.pop()) {
    for (const Item& record : static_cast<RecordBatch<Terminal::Slot>&>(*batch)) {
      values.push_back(record.value);
    }
  }
  EXPECT_EQ(values.size(), 2997U);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  EXPECT_EQ(surroundings.sink.metrics.errors.value(), 3U);
  EXPECT_EQ(surroundings.stage.metrics.records_out.value(), 3000U);
}

TEST(ExchangeTerminal, EqualKeysAlwaysMeetAtOneTarget) {
  const auto key = [](const std::string& text) -> const std::string& { return text; };
  using Terminal = ExchangeTerminal<std::string, std::decay_t<decltype(key)>, false, false>;
  Rig<std::string, Terminal> rig({sink_id, key}, 3);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    texts.push_back("key " + std::to_string(i % 30));
  }
  rig.feed(texts);
  std::map<std::string, std::size_t> where;
  std::size_t seen = 0;
  for (std::size_t target = 0; target < 3; ++target) {
    while (const auto batch = rig.take<RecordBatch<Hashed<std::string>>>(target)) {
      for (const auto& record : *batch) {
        ++seen;
        EXPECT_EQ(where.emplace(record.value, target).first->second, target) << record.value;
        EXPECT_EQ(record.hash, hash_key(record.value));
      }
    }
  }
  EXPECT_EQ(seen, 300U);
  EXPECT_EQ(where.size(), 30U);
}

TEST(ForwardTerminal, EveryConsumerGetsEveryRecordWhole) {
  const std::vector<std::string> texts{"a string too long to be held inside", "b"};
  Mailbox boxes[3] = {{nullptr, nullptr}, {nullptr, nullptr}, {nullptr, nullptr}};
  std::vector<std::unique_ptr<Outlet>> outlets;
  Surroundings surroundings({});
  auto context = surroundings.context();
  for (Mailbox& box : boxes) {
    outlets.push_back(std::make_unique<Outlet>(std::vector<Channel*>{&box}, assign_evenly(1)));
    context.outlets.push_back(outlets.back().get());
  }
  using Made = Chain<OwnedInput<std::string>, ForwardTerminal<std::string, NoKey, false>>;
  Made chain(Made::Spec{}, context);
  RecordBatch<std::string> input;
  for (const auto& text : texts) {
    input.emplace(text);
  }
  chain.process(input);
  chain.flush(true);
  for (Mailbox& box : boxes) {
    const BatchPtr batch = box.pop();
    auto& records = static_cast<RecordBatch<std::string>&>(*batch);
    EXPECT_EQ(std::vector<std::string>(records.begin(), records.end()), texts);
  }
}

TEST(CallbackTerminal, ASmallObjectCountsOverAllBatchesAndIsFinishedOnce) {
  struct Sum {
    long* result;
    int* finished;
    long sum = 0;
    void operator()(const int& n) {
      if (n == 13) {
        throw std::runtime_error("unlucky");
      }
      sum += n;
    }
    void finish() {
      *result = sum;
      ++*finished;
    }
  };
  long result = 0;
  int finished = 0;
  using Terminal = CallbackTerminal<int, Sum>;
  static_assert(Terminal::local);
  Rig<int, Terminal> rig({sink_id, Sum{&result, &finished}}, 1);
  rig.feed({1, 2, 13});
  rig.feed({3});
  rig.feed(std::vector<int>(100, 1));
  rig.chain().finish();
  rig.chain().flush(true);
  EXPECT_EQ(result, 106);
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(rig.metrics().records_in.value(), 104U);
  EXPECT_EQ(rig.metrics().records_out.value(), 103U);
}

TEST(TeeTerminal, AFailureAtOneEndDoesNotReachTheOthers) {
  std::vector<int> first;
  std::vector<int> second;
  const auto refuse = [&](const int& n) {
    if (n == 2) {
      throw std::runtime_error("no");
    }
    first.push_back(n);
  };
  const auto take = [&](const int& n) { second.push_back(n); };
  using A = CallbackTerminal<int, std::decay_t<decltype(refuse)>>;
  using B = CallbackTerminal<int, std::decay_t<decltype(take)>>;
  using Tee = TeeTerminal<A, B>;
  Rig<int, Tee> rig(Tee::Spec{{A::Spec{sink_id, refuse}, B::Spec{stage_id, take}}}, 1);
  rig.feed({1, 2, 3});
  EXPECT_EQ(first, (std::vector<int>{1, 3}));
  EXPECT_EQ(second, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace wallaroo::internal
