import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** The Java client, as other people use it: SERVERS TOPIC PARTITION CODEC END BODY ID... with headers as NAME=VALUE in
 * the environment's HEADERS, one a line. END is none, commit or abort, of a transaction. */
public class ForeignProducer {
    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.putAll(Map.of("bootstrap.servers", args[0], "compression.type", args[3], "linger.ms", "100"));
        boolean transaction = !args[4].equals("none");
        if (transaction) settings.put("transactional.id", "foreign-" + System.nanoTime());
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            if (transaction) {
                producer.initTransactions();
                producer.beginTransaction();
            }
            for (int at = 6; at < args.length; at++) {
                var record = new ProducerRecord<>(args[1], Integer.valueOf(args[2]), "k", args[5]);
                record.headers().add("ce_id", args[at].getBytes(StandardCharsets.UTF_8));
                for (String header : System.getenv("HEADERS").split("\n")) {
                    String[] parts = header.split("=", 2);
                    record.headers().add(parts[0], parts[1].getBytes(StandardCharsets.UTF_8));
                }
                producer.send(record);
            }
            producer.flush();
            if (args[4].equals("commit")) producer.commitTransaction();
            if (args[4].equals("abort")) producer.abortTransaction();
        }
    }
}
