package lambdanb;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Parsed JSON to and from the classes that handlers name: beans, records, enums, arrays, collections. */
final class Binder {
    private Binder() {}

    static Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof WildcardType) {
            return raw(((WildcardType) type).getUpperBounds()[0]);
        }
        if (type instanceof TypeVariable) {
            return raw(((TypeVariable<?>) type).getBounds()[0]);
        }
        return Object.class;
    }

    private static Type argument(Type type, int i) {
        return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments()[i] : Object.class;
    }

    static Object bind(Object json, Type type) throws ReflectiveOperationException {
        Class<?> wanted = raw(type);
        if (json == null || wanted == Object.class) {
            return json;
        }
        if (wanted == String.class) {
            return json instanceof String ? json : Json.write(json);
        }
        if (json instanceof Number && (wanted.isPrimitive() || Number.class.isAssignableFrom(wanted))) {
            return number((Number) json, wanted);
        }
        if (json instanceof Boolean && (wanted == boolean.class || wanted == Boolean.class)) {
            return json;
        }
        if (json instanceof String && wanted.isEnum()) {
            return wanted.getMethod("valueOf", String.class).invoke(null, json);
        }
        if (json instanceof List && wanted.isArray()) {
            List<?> items = (List<?>) json;
            Object array = Array.newInstance(wanted.getComponentType(), items.size());
            for (int i = 0; i < items.size(); i++) {
                Array.set(array, i, bind(items.get(i), wanted.getComponentType()));
            }
            return array;
        }
        if (json instanceof List && wanted.isAssignableFrom(ArrayList.class)) {
            return collect((List<?>) json, argument(type, 0), new ArrayList<>());
        }
        if (json instanceof List && wanted.isAssignableFrom(LinkedHashSet.class)) {
            return collect((List<?>) json, argument(type, 0), new LinkedHashSet<>());
        }
        if (json instanceof Map && wanted.isAssignableFrom(LinkedHashMap.class)) {
            Map<String, Object> bound = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) json).entrySet()) {
                bound.put((String) entry.getKey(), bind(entry.getValue(), argument(type, 1)));
            }
            return bound;
        }
        if (json instanceof Map && wanted.isRecord()) {
            return record((Map<?, ?>) json, wanted);
        }
        if (json instanceof Map && !wanted.isPrimitive() && !wanted.isInterface()) {
            return bean((Map<?, ?>) json, wanted);
        }
        throw new IllegalArgumentException("cannot read a " + wanted.getName() + " from " + Json.write(json));
    }

    private static Collection<Object> collect(List<?> items, Type type, Collection<Object> into)
            throws ReflectiveOperationException {
        for (Object item : items) {
            into.add(bind(item, type));
        }
        return into;
    }

    private static Object number(Number value, Class<?> wanted) {
        if (wanted == int.class || wanted == Integer.class) {
            return value.intValue();
        }
        if (wanted == long.class || wanted == Long.class) {
            return value.longValue();
        }
        if (wanted == double.class || wanted == Double.class) {
            return value.doubleValue();
        }
        if (wanted == float.class || wanted == Float.class) {
            return value.floatValue();
        }
        if (wanted == short.class || wanted == Short.class) {
            return value.shortValue();
        }
        if (wanted == byte.class || wanted == Byte.class) {
            return value.byteValue();
        }
        if (wanted == java.math.BigDecimal.class) {
            return new java.math.BigDecimal(value.toString());
        }
        if (wanted == java.math.BigInteger.class) {
            return java.math.BigInteger.valueOf(value.longValue());
        }
        if (wanted == Number.class) {
            return value;
        }
        throw new IllegalArgumentException("cannot read a " + wanted.getName() + " from " + value);
    }

    private static Object record(Map<?, ?> json, Class<?> wanted) throws ReflectiveOperationException {
        RecordComponent[] parts = wanted.getRecordComponents();
        Class<?>[] types = Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            Object part = json.get(parts[i].getName());
            values[i] = part == null && types[i].isPrimitive()
                    ? Array.get(Array.newInstance(types[i], 1), 0)
                    : bind(part, parts[i].getGenericType());
        }
        Constructor<?> made = wanted.getDeclaredConstructor(types);
        made.setAccessible(true);
        return made.newInstance(values);
    }

    private static Object bean(Map<?, ?> json, Class<?> wanted) throws ReflectiveOperationException {
        Constructor<?> empty = wanted.getDeclaredConstructor();
        empty.setAccessible(true);
        Object bean = empty.newInstance();
        for (Method method : wanted.getMethods()) {
            String name = property(method, "set", 1);
            if (name != null) {
                Object part = json.containsKey(name) ? json.get(name) : json.get(capital(name));
                if (part != null) {
                    method.setAccessible(true);
                    method.invoke(bean, bind(part, method.getGenericParameterTypes()[0]));
                }
            }
        }
        return bean;
    }

    private static String capital(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private static String property(Method method, String prefix, int parameters) {
        String name = method.getName();
        if (name.length() <= prefix.length()
                || !name.startsWith(prefix)
                || method.getParameterCount() != parameters
                || Modifier.isStatic(method.getModifiers())
                || name.equals("getClass")) {
            return null;
        }
        String rest = name.substring(prefix.length());
        return rest.substring(0, 1).toLowerCase(Locale.ROOT) + rest.substring(1);
    }

    /** An object of any class as maps, lists and plain values. */
    static Object unbind(Object value) {
        Class<?> type = value.getClass();
        if (type.isArray()) {
            List<Object> items = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                items.add(Array.get(value, i));
            }
            return items;
        }
        Map<String, Object> parts = new LinkedHashMap<>();
        try {
            if (type.isRecord()) {
                for (RecordComponent part : type.getRecordComponents()) {
                    part.getAccessor().setAccessible(true);
                    parts.put(part.getName(), part.getAccessor().invoke(value));
                }
                return parts;
            }
            Set<Method> methods = new LinkedHashSet<>(Arrays.asList(type.getMethods()));
            for (Method method : methods) {
                String name = property(method, "get", 0);
                if (name == null && method.getReturnType() == boolean.class) {
                    name = property(method, "is", 0);
                }
                if (name != null) {
                    method.setAccessible(true);
                    parts.put(name, method.invoke(value));
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("cannot write a " + type.getName() + " as JSON: " + e, e);
        }
        return parts;
    }
}
